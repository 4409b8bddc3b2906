select * from main.income
