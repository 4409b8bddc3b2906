select *, date '2023-01-01' as snapshot_date from main."sbTicker"
