select *, row_number() over () as match_id, "FTHG" + "FTAG" as goals, "HTHG" + "HTAG" as half_time_goals, "FTHG" - "FTAG" as home_lead
from main.football_data
