select
    cds as cds_code, rtype as record_type, sname as sat_school, dname as sat_district, cname as sat_county,
    enroll12 as sat_enrollment, "NumTstTakr" as test_takers,
    "AvgScrRead" as reading_score, "AvgScrMath" as math_score, "AvgScrWrite" as writing_score,
    "AvgScrRead" + "AvgScrMath" + "AvgScrWrite" as sat_score,
    "NumGE1500" as test_takers_1500, "NumGE1500" / nullif("NumTstTakr", 0) as excellence_rate,
    date '2015-07-01' as sat_date
from main.satscores
