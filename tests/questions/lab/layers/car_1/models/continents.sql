select "ContId" as continent_id, "Continent" as continent_name, date '2023-01-01' as snapshot_date from main.continents
