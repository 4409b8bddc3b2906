select * from main.users
