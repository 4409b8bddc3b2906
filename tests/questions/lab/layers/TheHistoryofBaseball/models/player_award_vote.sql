select *, make_date(year, 1, 1) as vote_year
from main.player_award_vote
