select "Orchestra_ID" as orchestra_id, "Orchestra" as name, "Conductor_ID" as conductor_id, "Record_Company" as record_company, "Year_of_Founded" as founded_year, "Major_Record_Format" as record_format,
    coalesce(case when try_cast("Year_of_Founded" as integer) between 1900 and 2100 then make_date(try_cast("Year_of_Founded" as integer), 1, 1) end, date '2023-11-01') as founded_date
from main.orchestra
