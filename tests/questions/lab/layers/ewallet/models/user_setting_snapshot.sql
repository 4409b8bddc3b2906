select *, user_id || '/' || snapshot_date as setting_id,
    case membership_status when 0 then 'bronze' when 1 then 'silver' when 2 then 'gold' when 3 then 'platinum' when 4 then 'VIP' end as membership
from main.user_setting_snapshot
