select *, first_name || ' ' || last_name as doctor_name, year(current_date) - year_reg as years_registered, date '2021-11-01' as snapshot_date from main.doctors
