select b.*, b.spent / nullif(b.amount, 0) as spent_share, e.event_date
from main.budget as b left join main.event as e on e.event_id = b.link_to_event
