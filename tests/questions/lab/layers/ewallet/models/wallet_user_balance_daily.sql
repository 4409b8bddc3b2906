select *, row_number() over () as balance_key, row_number() over (partition by user_id order by updated_at desc) as newest from main.wallet_user_balance_daily
