select *, row_number() over () as match_key,
    "year" as match_year,
    winner_rank_points - loser_rank_points as rank_points_lead
from main.matches
