-- One row per day and store with any sale, event or delivery, for the whole months in which the run touches a
-- day.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
{%- set days = retail_touched_days() %}
with

parts as (
    select
        business_date,
        tenant_id,
        store_id,
        count(distinct transaction_id) as transaction_count,
        count(*) as line_count,
        sum(quantity) as units,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_amount) as net_amount,
        count(case when is_substituted then 1 end) as substituted_count,
        cast(0 as decimal(18, 3)) as visitor_count,
        0 as out_of_stock_count,
        cast(0 as decimal(18, 4)) as delivered_amount
    from {{ ref("silver_retail_sales") }}
    where {{ in_touched_months("business_date", days) }}
    group by business_date, tenant_id, store_id
    union all
    select
        event_date as business_date,
        tenant_id,
        store_id,
        0 as transaction_count,
        0 as line_count,
        0 as units,
        0 as gross_amount,
        0 as discount_amount,
        0 as net_amount,
        0 as substituted_count,
        coalesce(sum(case when event_type = 'VISITORS' then amount end), 0) as visitor_count,
        count(case when event_type = 'OUT_OF_STOCK' then 1 end) as out_of_stock_count,
        0 as delivered_amount
    from {{ ref("silver_retail_events") }}
    where store_id is not null and {{ in_touched_months("event_date", days) }}
    group by event_date, tenant_id, store_id
    union all
    select
        document_date as business_date,
        tenant_id,
        store_id,
        0 as transaction_count,
        0 as line_count,
        0 as units,
        0 as gross_amount,
        0 as discount_amount,
        0 as net_amount,
        0 as substituted_count,
        0 as visitor_count,
        0 as out_of_stock_count,
        coalesce(
            sum(case when document_type = 'DELIVERY_RECEIPT' then total_amount end), 0
        ) as delivered_amount
    from {{ ref("silver_retail_documents") }}
    where {{ in_touched_months("document_date", days) }}
    group by document_date, tenant_id, store_id
),

store_days as (
    select
        business_date,
        tenant_id,
        store_id,
        sum(transaction_count) as transaction_count,
        sum(line_count) as line_count,
        sum(units) as units,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(net_amount) as net_amount,
        sum(substituted_count) as substituted_count,
        sum(visitor_count) as visitor_count,
        sum(out_of_stock_count) as out_of_stock_count,
        sum(delivered_amount) as delivered_amount
    from parts
    group by business_date, tenant_id, store_id
)

select
    store_days.business_date,
    store_days.tenant_id,
    store_days.store_id,
    stores.store_name,
    stores.store_type,
    stores.region,
    stores.province,
    stores.city,
    stores.barangay,
    store_days.transaction_count,
    store_days.line_count,
    store_days.units,
    store_days.gross_amount,
    store_days.discount_amount,
    store_days.net_amount,
    store_days.substituted_count,
    store_days.visitor_count,
    store_days.out_of_stock_count,
    store_days.delivered_amount
from store_days
left join {{ ref("silver_retail_stores") }} as stores
    on store_days.tenant_id = stores.tenant_id and store_days.store_id = stores.store_id
