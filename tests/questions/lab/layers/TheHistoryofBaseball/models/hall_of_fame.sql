select *, make_date(yearid, 1, 1) as ballot_year
from main.hall_of_fame
