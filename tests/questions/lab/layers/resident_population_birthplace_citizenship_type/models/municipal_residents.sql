select s.*, a.name as municipality, make_date(s.year, 1, 1) as municipal_year
from main.resident_population_birthplace_citizenship_type s join main.spatial_unit a using (spatialunit_uid)
where a.municipal and lower(s.population_type) <> 'total' and s.place_of_birth not ilike '%total' and s.citizenship not ilike '%total'
