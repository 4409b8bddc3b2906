select *, end_date - start_date as days_valid from main.coupons
