select * from main.event
