select unnest(generate_series(date '1940-01-01', date '2050-12-31', interval 1 day))::date as day
