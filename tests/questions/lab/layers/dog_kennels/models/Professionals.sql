select *, first_name || ' ' || last_name as professional_name, date '2018-01-01' as snapshot_date from main."Professionals"
