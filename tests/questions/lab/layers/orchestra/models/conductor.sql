select "Conductor_ID" as conductor_id, "Name" as name, "Age" as age, "Nationality" as nationality, "Year_of_Work" as years_of_work, date '2023-11-01' as snapshot_date
from main.conductor
