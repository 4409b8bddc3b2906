select
    row_number() over () as score_key, "year" as score_year, state, all_students, average_scale_score,
    case when "year" between 1900 and 2100 then make_date("year"::integer, 1, 1) end as score_date
from main."NDECoreExcel_Math_Grade8"
