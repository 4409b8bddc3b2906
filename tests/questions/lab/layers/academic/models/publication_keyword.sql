select *, pid || '/' || kid as pair, date '2024-01-01' as snapshot_date
from main.publication_keyword
