select
    row_number() over () as fire_key, "FIRE_YEAR" as fire_year, "DISCOVERY_DATE" as discovery_julian_date,
    "DISCOVERY_DOY" as discovery_day_of_year, "DISCOVERY_TIME" as discovery_time,
    make_date("FIRE_YEAR"::integer, 1, 1) + ("DISCOVERY_DOY"::integer - 1) as discovery_date,
    "STAT_CAUSE_CODE" as cause_code, "STAT_CAUSE_DESCR" as cause,
    "CONT_DATE" as containment_julian_date, "CONT_DOY" as containment_day_of_year, "CONT_TIME" as containment_time,
    "CONT_DATE" - "DISCOVERY_DATE" as days_to_contain,
    "FIRE_SIZE" as fire_size, "FIRE_SIZE_CLASS" as fire_size_class, "LATITUDE" as latitude, "LONGITUDE" as longitude,
    "OWNER_CODE" as owner_code, "OWNER_DESCR" as owner, "STATE" as state, "COUNTY" as county,
    "FIPS_CODE" as fips_code, "FIPS_NAME" as fips_name
from main."Fires"
