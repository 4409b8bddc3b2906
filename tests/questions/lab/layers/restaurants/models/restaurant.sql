select r.*, l.house_number, l.street_name, date '2024-01-01' as snapshot_date
from main.restaurant r left join main.location l on l.restaurant_id = r.id
