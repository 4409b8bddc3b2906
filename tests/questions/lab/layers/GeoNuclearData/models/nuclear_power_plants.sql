select
    "Id" as plant_id, "Name" as plant_name, "Latitude" as latitude, "Longitude" as longitude, "Country" as country,
    "Status" as status, "ReactorType" as reactor_type, "ReactorModel" as reactor_model,
    "ConstructionStartAt" as construction_start, "OperationalFrom" as operational_from,
    "OperationalTo" as operational_to, "Capacity" as capacity, "LastUpdatedAt" as last_updated, "Source" as source,
    date_diff('day', "ConstructionStartAt", "OperationalFrom") / 365.25 as construction_years,
    date_diff('day', "OperationalFrom", "OperationalTo") / 365.25 as operating_years,
    row_number() over () as plant_key
from main.nuclear_power_plants
