select * from main.expense
