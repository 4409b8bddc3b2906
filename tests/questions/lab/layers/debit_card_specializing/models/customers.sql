select "CustomerID" as customer_id, "Segment" as segment, "Currency" as currency, date '2012-01-01' as snapshot_date from main.customers
