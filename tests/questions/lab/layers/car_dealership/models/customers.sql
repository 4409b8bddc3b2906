select *, first_name || ' ' || last_name as customer_name from main.customers
