select "Stadium_ID" as stadium_id, "Location" as location, "Name" as name, "Capacity" as capacity, "Highest" as highest, "Lowest" as lowest, "Average" as average,
    date '2023-11-01' as snapshot_date
from main.stadium
