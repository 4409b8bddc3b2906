select a.*, a.link_to_event || '/' || a.link_to_member as attendance_id, e.event_date
from main.attendance as a left join main.event as e on e.event_id = a.link_to_event
