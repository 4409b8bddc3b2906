select *, first_name || ' ' || last_name as owner_name, date '2018-01-01' as snapshot_date from main."Owners"
