select "Employee_ID" as employee_id, "Year_awarded" as year_awarded, "Bonus" as bonus, "Employee_ID" || '/' || "Year_awarded" as evaluation_id,
    case when try_cast("Year_awarded" as integer) between 1900 and 2100 then make_date(try_cast("Year_awarded" as integer), 1, 1) end as award_date
from main.evaluation
