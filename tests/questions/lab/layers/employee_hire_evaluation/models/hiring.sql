select "Shop_ID" as shop_id, "Employee_ID" as employee_id, "Start_from" as start_year, "Is_full_time" as is_full_time, make_date("Start_from"::integer, 1, 1) as start_date
from main.hiring
