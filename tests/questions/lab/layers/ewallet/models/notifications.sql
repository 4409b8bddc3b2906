select * from main.notifications
