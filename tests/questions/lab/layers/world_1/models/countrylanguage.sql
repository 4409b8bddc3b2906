select
    l."CountryCode" as country_code, l."Language" as "language", l."IsOfficial" as is_official, l."Percentage" as percentage,
    l."CountryCode" || '/' || l."Language" as country_language, c."Population" as population,
    c."Population" * l."Percentage" / 100 as speakers, date '2000-01-01' as snapshot_date
from main.countrylanguage as l left join main.country as c on c."Code" = l."CountryCode"
