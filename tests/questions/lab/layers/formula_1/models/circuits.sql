select "circuitId" as circuit_id, "circuitRef" as circuit_ref, name, location, country, lat, lng, alt, url, date '2020-01-01' as snapshot_date
from main.circuits
