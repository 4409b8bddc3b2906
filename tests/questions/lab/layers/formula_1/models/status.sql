select "statusId" as status_id, status, date '2020-01-01' as snapshot_date from main.status
