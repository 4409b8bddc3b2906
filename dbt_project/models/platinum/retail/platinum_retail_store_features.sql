-- One row per day and store with anything to tell of the 28 days before, for the whole months that the run
-- touches.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_feature_days") }}
with

reach as (
    select max(business_date) as last_day
    from {{ ref("gold_retail_daily_store_sales") }}
),

aged as (
    select
        store_days.*,
        ages.age_days,
        {{ plus_days("store_days.business_date", "ages.age_days") }} as feature_date
    from {{ ref("gold_retail_daily_store_sales") }} as store_days
    cross join {{ retail_ages() }} as ages
    where {{ retail_looked_back_on("store_days.business_date") }}
),

windows as (
    select
        aged.feature_date,
        aged.tenant_id,
        aged.store_id,
        coalesce(sum(case when aged.age_days = 1 then aged.net_amount end), 0) as net_1d,
        coalesce(sum(case when aged.age_days <= 7 then aged.net_amount end), 0) as net_7d,
        sum(aged.net_amount) as net_28d,
        coalesce(sum(case when aged.age_days <= 7 then aged.transaction_count end), 0) as transactions_7d,
        sum(aged.transaction_count) as transactions_28d,
        sum(aged.units) as units_28d,
        count(case when aged.line_count > 0 then 1 end) as selling_days_28d,
        min(case when aged.line_count > 0 then aged.age_days end) as days_since_sale,
        coalesce(sum(case when aged.age_days <= 7 then aged.visitor_count end), 0) as visitors_7d,
        sum(aged.out_of_stock_count) as out_of_stock_28d,
        sum(aged.substituted_count) as substituted_28d,
        sum(aged.line_count) as lines_28d
    from aged
    cross join reach
    where
        {{ in_touched_months("aged.feature_date", retail_feature_days()) }}
        -- What the data do not reach yet is not told.
        and aged.feature_date <= {{ next_day("reach.last_day") }}
    group by aged.feature_date, aged.tenant_id, aged.store_id
)

select
    feature_date,
    tenant_id,
    store_id,
    net_1d,
    net_7d,
    net_28d,
    transactions_7d,
    transactions_28d,
    units_28d,
    selling_days_28d,
    days_since_sale,
    cast(net_28d as double) / nullif(transactions_28d, 0) as average_basket_28d,
    cast(net_7d as double) * 4 / nullif(cast(net_28d as double), 0) as trend_7d,
    visitors_7d,
    cast(transactions_7d as double) / nullif(cast(visitors_7d as double), 0) as conversion_7d,
    out_of_stock_28d,
    cast(substituted_28d as double) / nullif(lines_28d, 0) as substituted_share_28d,
    {{ weekday_of("feature_date") }} as day_of_week
from windows
