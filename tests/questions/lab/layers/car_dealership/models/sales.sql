select s.*, s.sale_price - c.cost as gross_margin, c.cost as car_cost
from main.sales as s left join main.cars as c on c.id = s.car_id
