select m."Id" as maker_id, m."Maker" as maker, m."FullName" as full_name, m."Country" as country_id, c."CountryName" as country_name,
    c."Continent" as continent_id, t."Continent" as continent_name, date '2023-01-01' as snapshot_date
from main.car_makers as m
left join main.countries as c on c."CountryId" = m."Country"
left join main.continents as t on t."ContId" = c."Continent"
