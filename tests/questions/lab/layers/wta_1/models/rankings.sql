select *, row_number() over () as ranking_key from main.rankings
