select p.*, p.payment_date - s.sale_date as days_to_payment
from main.payments_received as p left join main.sales as s on s.id = p.sale_id
