-- One row per day and product with anything to tell of the 28 days before, for the whole months that the run
-- touches.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_feature_days") }}
with

reach as (
    select max(business_date) as last_day
    from {{ ref("gold_retail_daily_store_sales") }}
),

sold as (
    select *
    from {{ ref("silver_retail_sales") }}
    where {{ retail_looked_back_on("business_date") }}
),

product_days as (
    select
        business_date,
        tenant_id,
        product_id,
        sum(units) as units,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_amount) as net_amount,
        sum(refused) as refused
    from (
        select
            business_date,
            tenant_id,
            product_id,
            quantity as units,
            gross_amount,
            discount_amount,
            net_amount,
            0 as refused
        from sold
        union all
        select
            business_date,
            tenant_id,
            requested_product_id as product_id,
            0 as units,
            0 as gross_amount,
            0 as discount_amount,
            0 as net_amount,
            1 as refused
        from sold
        where is_substituted
    ) as mentions
    group by business_date, tenant_id, product_id
),

aged as (
    select
        product_days.*,
        ages.age_days,
        {{ plus_days("product_days.business_date", "ages.age_days") }} as feature_date
    from product_days
    cross join {{ retail_ages() }} as ages
),

windows as (
    select
        aged.feature_date,
        aged.tenant_id,
        aged.product_id,
        coalesce(sum(case when aged.age_days <= 7 then aged.units end), 0) as units_7d,
        sum(aged.units) as units_28d,
        sum(aged.gross_amount) as gross_28d,
        sum(aged.discount_amount) as discount_28d,
        sum(aged.net_amount) as net_28d,
        count(case when aged.units > 0 then 1 end) as selling_days_28d,
        min(case when aged.units > 0 then aged.age_days end) as days_since_sale,
        sum(aged.refused) as refused_28d
    from aged
    cross join reach
    where
        {{ in_touched_months("aged.feature_date", retail_feature_days()) }}
        -- What the data do not reach yet is not told.
        and aged.feature_date <= {{ next_day("reach.last_day") }}
    group by aged.feature_date, aged.tenant_id, aged.product_id
)

select
    feature_date,
    tenant_id,
    product_id,
    units_7d,
    units_28d,
    net_28d,
    cast(net_28d as double) / nullif(cast(units_28d as double), 0) as average_price_28d,
    cast(discount_28d as double) / nullif(cast(gross_28d as double), 0) as discount_share_28d,
    selling_days_28d,
    days_since_sale,
    refused_28d,
    {{ weekday_of("feature_date") }} as day_of_week
from windows
