select row_number() over () as player_match_key, * from (
    select winner_id as player_id, 'won' as result, tourney_date, tourney_name, "year" as match_year, surface, "round" as match_round, tourney_level, winner_rank_points as rank_points, winner_rank as rank_at_match, winner_age as age
    from main.matches
    union all
    select loser_id, 'lost', tourney_date, tourney_name, "year", surface, "round", tourney_level, loser_rank_points, loser_rank, loser_age
    from main.matches
)
