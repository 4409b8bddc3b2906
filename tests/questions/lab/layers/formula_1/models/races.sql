select "raceId" as race_id, "year" as season_year, "round" as race_round, "circuitId" as circuit_id, name, "date" as race_date, "time" as start_time, url
from main.races
