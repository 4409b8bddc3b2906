select *, date '2018-01-01' as snapshot_date from main."Charges"
