select v."ID" as visitor_id, v."Name" as name, v."Level_of_membership" as membership_level, v."Age" as age, date '2023-11-01' as snapshot_date
from main.visitor as v
