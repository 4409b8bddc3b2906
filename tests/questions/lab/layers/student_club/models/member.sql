select *, first_name || ' ' || last_name as member_name, date '2020-01-01' as snapshot_date from main.member
