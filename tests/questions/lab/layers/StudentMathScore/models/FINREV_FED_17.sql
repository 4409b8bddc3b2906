select
    row_number() over () as district_key, r.state_code, r.idcensus as census_id, r.school_district, r.nces_id,
    r.yr_data as data_year, r.t_fed_rev as federal_revenue, r.c14 as title_1_revenue, r.c25 as nutrition_revenue,
    date '2017-01-01' as fiscal_date
from main."FINREV_FED_17" as r
