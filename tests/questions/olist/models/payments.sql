select * from raw.payments
