select
    c."ID" as id, c."Name" as name, c."CountryCode" as country_code, c."District" as district,
    c."Population" as population,
    case when k."Code" is not null then 'yes' else 'no' end as is_capital,
    date '2000-01-01' as snapshot_date
from main.city as c
left join (select distinct "Capital", "Code" from main.country) as k on k."Capital" = c."ID" and k."Code" = c."CountryCode"
