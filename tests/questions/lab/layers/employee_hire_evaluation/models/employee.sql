select e."Employee_ID" as employee_id, e."Name" as name, e."Age" as age, e."City" as city,
    case when v.employee_id is null then 'no' else 'yes' end as has_award, case when h.employee_id is null then 'no' else 'yes' end as is_hired, date '2018-01-01' as snapshot_date
from main.employee as e
left join (select distinct "Employee_ID" as employee_id from main.evaluation) as v on v.employee_id = e."Employee_ID"
left join (select distinct "Employee_ID" as employee_id from main.hiring) as h on h.employee_id = e."Employee_ID"
