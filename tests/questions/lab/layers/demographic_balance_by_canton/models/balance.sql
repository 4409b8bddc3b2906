select s.*, a.name as canton, make_date(s.year, 1, 1) as in_year
from main.demographic_balance_by_canton s join main.spatial_unit a using (spatialunit_uid)
where a.canton and s.citizenship_category not ilike '%total'
