select *, date '2021-11-01' as snapshot_date from main.diagnoses
