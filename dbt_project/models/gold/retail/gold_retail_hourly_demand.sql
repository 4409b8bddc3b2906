-- One row per day, hour and store with any sale or visitor, for the whole months in which the run touches a
-- day.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
{%- set days = retail_touched_days() %}
with

parts as (
    select
        business_date,
        business_hour,
        tenant_id,
        store_id,
        count(distinct transaction_id) as transaction_count,
        sum(quantity) as units,
        sum(net_amount) as net_amount,
        cast(0 as decimal(18, 3)) as visitor_count
    from {{ ref("silver_retail_sales") }}
    where {{ in_touched_months("business_date", days) }}
    group by business_date, business_hour, tenant_id, store_id
    union all
    select
        event_date as business_date,
        event_hour as business_hour,
        tenant_id,
        store_id,
        0 as transaction_count,
        0 as units,
        0 as net_amount,
        sum(amount) as visitor_count
    from {{ ref("silver_retail_events") }}
    where store_id is not null and event_type = 'VISITORS' and {{ in_touched_months("event_date", days) }}
    group by event_date, event_hour, tenant_id, store_id
),

store_hours as (
    select
        business_date,
        business_hour,
        tenant_id,
        store_id,
        sum(transaction_count) as transaction_count,
        sum(units) as units,
        sum(net_amount) as net_amount,
        sum(visitor_count) as visitor_count
    from parts
    group by business_date, business_hour, tenant_id, store_id
)

select
    store_hours.business_date,
    store_hours.business_hour,
    {{ weekday_of("store_hours.business_date") }} as day_of_week,
    store_hours.tenant_id,
    store_hours.store_id,
    stores.store_name,
    stores.store_type,
    stores.region,
    stores.city,
    store_hours.transaction_count,
    store_hours.units,
    store_hours.net_amount,
    store_hours.visitor_count
from store_hours
left join {{ ref("silver_retail_stores") }} as stores
    on store_hours.tenant_id = stores.tenant_id and store_hours.store_id = stores.store_id
