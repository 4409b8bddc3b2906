select * from main."sbCustomer"
