select
    c."Code" as code, c."Name" as name, c."Continent" as continent, c."Region" as region,
    c."SurfaceArea" as surface_area, c."IndepYear" as independence_year, c."Population" as population,
    c."LifeExpectancy" as life_expectancy, c."GNP" as gnp, c."GNPOld" as gnp_old, c."LocalName" as local_name,
    c."GovernmentForm" as government_form, c."HeadOfState" as head_of_state, c."Capital" as capital_id,
    c."Code2" as code2, capital."Name" as capital,
    coalesce(l.languages, 0) as language_count, coalesce(l.official_languages, 0) as official_language_count,
    coalesce(t.cities, 0) as city_count,
    date '2000-01-01' as snapshot_date
from main.country as c
left join main.city as capital on capital."ID" = c."Capital"
left join (
    select "CountryCode" as code, count(*) as languages, count(*) filter (where "IsOfficial" = 'T') as official_languages
    from main.countrylanguage group by 1
) as l on l.code = c."Code"
left join (select "CountryCode" as code, count(*) as cities from main.city group by 1) as t on t.code = c."Code"
