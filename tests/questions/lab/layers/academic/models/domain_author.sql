select *, aid || '/' || did as pair, date '2024-01-01' as snapshot_date
from main.domain_author
