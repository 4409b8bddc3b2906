select
    "CrimeID" as crime_id, "CrimeTS" as crime_at, "Location" as location, "LSOA" as lsoa, "Type" as crime_type,
    "Outcome" as outcome
from main."GreaterManchesterCrime"
