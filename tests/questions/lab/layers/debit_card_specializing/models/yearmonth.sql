select y."CustomerID" as customer_id, "Date" as year_month, "Consumption" as consumption, y."CustomerID" || '/' || "Date" as consumption_id,
    left("Date", 4) as consumption_year, substr("Date", 5, 2) as consumption_month,
    cast(try_strptime("Date", '%Y%m') as date) as month_date,
    c."Segment" as segment
from main.yearmonth as y left join main.customers as c on c."CustomerID" = y."CustomerID"
