select s.*, a.name as canton, make_date(s.year, 1, 1) as in_year
from main.marriage_citizenship s join main.spatial_unit a using (spatialunit_uid)
where a.canton and s.citizenship_category_husband not ilike '%total' and s.citizenship_category_wife not ilike '%total'
