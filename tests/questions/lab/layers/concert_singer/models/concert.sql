select "concert_ID" as concert_id, "concert_Name" as concert_name, "Theme" as theme, "Stadium_ID" as stadium_id, "Year" as year,
    case when try_cast("Year" as integer) between 1900 and 2100 then make_date(try_cast("Year" as integer), 1, 1) end as concert_date
from main.concert
