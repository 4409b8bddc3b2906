select
    row_number() over () as score_key, "year" as score_year, state, all_students, average_scale_score,
    date '2017-01-01' as score_date
from main."NDECoreExcel_Math_Grade8"
