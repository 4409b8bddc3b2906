select "Museum_ID" || '/' || "visitor_ID" as visit_id, "Museum_ID" as museum_id, "visitor_ID" as visitor_id, "Num_of_Ticket" as tickets, "Total_spent" as spent, date '2023-11-01' as snapshot_date
from main.visit
