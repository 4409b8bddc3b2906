select s."Shop_ID" as shop_id, s."Name" as name, s."Location" as location, s."District" as district, s."Number_products" as number_products, s."Manager_name" as manager_name,
    coalesce(h.employees, 0) as employee_count, date '2018-01-01' as snapshot_date
from main.shop as s left join (select "Shop_ID" as shop_id, count(*) as employees from main.hiring group by 1) as h on h.shop_id = s."Shop_ID"
