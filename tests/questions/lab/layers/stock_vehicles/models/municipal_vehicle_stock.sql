select s.*, a.name as municipality, make_date(s.year, 1, 1) as municipal_year
from main.stock_vehicles s join main.spatial_unit a using (spatialunit_uid)
where a.municipal and lower(s.fuel_type) <> 'total'
