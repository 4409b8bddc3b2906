select b.*, c.category_name, n.neighbourhood_name, date '2024-01-01' as snapshot_date
from main.business b
left join main.category c on c.business_id = b.business_id
left join main.neighbourhood n on n.business_id = b.business_id
