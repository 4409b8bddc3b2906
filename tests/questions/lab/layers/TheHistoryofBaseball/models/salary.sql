select *, make_date(year, 1, 1) as salary_year
from main.salary
