select "ProductID" as product_id, "Description" as description, date '2012-01-01' as snapshot_date from main.products
