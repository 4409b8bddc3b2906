-- No feature row lies before there are sales or after the day that follows the last, and the sales of the day
-- before are those of the store's day, in what the run made.
with

reach as (
    select
        min(business_date) as first_day,
        max(business_date) as last_day
    from {{ ref("gold_retail_daily_store_sales") }}
)

select
    features.feature_date,
    features.tenant_id,
    features.store_id
from {{ staged(ref("platinum_retail_store_features")) }} as features
cross join reach
left join {{ ref("gold_retail_daily_store_sales") }} as store_days
    on
        features.tenant_id = store_days.tenant_id
        and features.store_id = store_days.store_id
        and features.feature_date = {{ next_day("store_days.business_date") }}
where
    features.feature_date <= reach.first_day
    or features.feature_date > {{ next_day("reach.last_day") }}
    or features.net_1d <> coalesce(store_days.net_amount, 0)
