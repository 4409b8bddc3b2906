select *,
    case sender_type when 0 then sender_id end as sender_user_id, case sender_type when 1 then sender_id end as sender_merchant_id,
    case receiver_type when 0 then receiver_id end as receiver_user_id, case receiver_type when 1 then receiver_id end as receiver_merchant_id,
    case when sender_type = 0 then sender_id when receiver_type = 0 then receiver_id end as any_user_id,
    case when sender_type = 1 then sender_id when receiver_type = 1 then receiver_id end as any_merchant_id,
    case when sender_type = 0 then 'user' else 'merchant' end as sender_kind, case when receiver_type = 0 then 'user' else 'merchant' end as receiver_kind,
    case when coupon_id is null then 'no' else 'yes' end as with_coupon, upper(gateway_name) as gateway,
    date_diff('second', created_at, completed_at) as completion_seconds
from main.wallet_transactions_daily
