select *, row_number() over () as balance_key, row_number() over (partition by merchant_id order by updated_at desc) as newest from main.wallet_merchant_balance_daily
