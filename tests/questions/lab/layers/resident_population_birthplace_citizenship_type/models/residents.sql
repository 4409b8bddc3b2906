select s.*, a.name as canton, make_date(s.year, 1, 1) as in_year
from main.resident_population_birthplace_citizenship_type s join main.spatial_unit a using (spatialunit_uid)
where a.canton and lower(s.population_type) <> 'total' and s.place_of_birth not ilike '%total' and s.citizenship not ilike '%total'
