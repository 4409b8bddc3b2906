select *, nullif(concat_ws(' ', name_first, name_last), '') as full_name, date '2024-01-01' as snapshot_date
from main.player
