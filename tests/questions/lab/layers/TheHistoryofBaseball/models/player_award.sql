select *, make_date(year, 1, 1) as award_year
from main.player_award
