select s.*, a.name as canton, make_date(s.year, 1, 1) as in_year
from main.employees_farmholdings_agricultural_area_livestock_per_canton s join main.spatial_unit a using (spatialunit_uid)
where a.canton and s.farmholding_system not ilike '%total'
