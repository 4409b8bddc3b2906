select *, date '2024-01-01' as snapshot_date
from main.Catastrophe
