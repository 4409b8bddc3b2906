select s.*, a.name as canton, make_date(s.year, 1, 1) as in_year
from main.stock_vehicles s join main.spatial_unit a using (spatialunit_uid)
where a.canton and lower(s.fuel_type) <> 'total'
