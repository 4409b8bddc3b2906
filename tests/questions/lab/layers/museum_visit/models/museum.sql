select "Museum_ID" as museum_id, "Name" as name, "Num_of_Staff" as staff, "Open_Year" as open_year,
    coalesce(case when try_cast("Open_Year" as integer) between 1900 and 2100 then make_date(try_cast("Open_Year" as integer), 1, 1) end, date '2023-11-01') as open_date
from main.museum
