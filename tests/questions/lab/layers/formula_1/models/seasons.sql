select "year" as season_year, url, date '2020-01-01' as snapshot_date from main.seasons
