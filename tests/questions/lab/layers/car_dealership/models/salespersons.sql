select *, first_name || ' ' || last_name as salesperson_name,
    case when termination_date is null then 'employed' else 'terminated' end as employment_status,
    coalesce(termination_date, date '2023-11-15') - hire_date as days_employed
from main.salespersons
