select * from main.merchants
