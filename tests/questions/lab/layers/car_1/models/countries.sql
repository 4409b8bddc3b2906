select c."CountryId" as country_id, c."CountryName" as country_name, c."Continent" as continent_id, t."Continent" as continent_name,
    date '2023-01-01' as snapshot_date
from main.countries as c left join main.continents as t on t."ContId" = c."Continent"
