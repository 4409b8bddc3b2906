select "Show_ID" || '/' || row_number() over (order by "Show_ID", "Performance_ID") as show_key, "Show_ID" as show_id, "Performance_ID" as performance_id, "If_first_show" as first_show, "Result" as result, "Attendance" as attendance, date '2023-11-01' as snapshot_date
from main."show"
