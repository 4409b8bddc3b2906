select *, due_date - payment_date as days_before_due, payment_date - invoice_date as days_from_invoice,
    case when payment_date > due_date then 'late' else 'on time' end as punctuality
from main.payments_made
