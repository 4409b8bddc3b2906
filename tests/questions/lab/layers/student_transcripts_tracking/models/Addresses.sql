select *, date '2020-01-01' as snapshot_date from main."Addresses"
