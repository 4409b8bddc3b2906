-- One row per session, on the days on which a session begins, or began, that the run may have changed.
-- Which days these are is found from {{ source("bronze", "ecommerce_clickstream") }}.
{{ config(replaces="touched", touched="ecommerce_touched_session_days") }}
{%- set days = ecommerce_touched_session_days() %}
with

events as (
    select *
    from {{ ref("silver_ecommerce_events") }}
    {%- if is_partial() %}
    where
        {{ in_days(business_day("session_started_at"), days) }}
        -- Actions lie on the day their session begins or later: files are pruned by it.
        and event_date >= date '{{ (days | sort | first) if days else "9999-12-31" }}'
    {%- endif %}
)

select
    {{ business_day("min(session_started_at)") }} as session_date,
    min(session_started_at) as started_at,
    max(session_ended_at) as ended_at,
    tenant_id,
    session_id,
    min(visitor_id) as visitor_id,
    max_by(customer_id, (event_time, record_key)) filter (where customer_id is not null) as customer_id,
    min_by(device, (event_time, record_key)) filter (where device is not null) as device,
    min_by(traffic_source, (event_time, record_key)) filter (
        where traffic_source is not null
    ) as traffic_source,
    cast({{ millis_between("min(session_started_at)", "max(session_ended_at)") }} as double)
    / 1000 as duration_seconds,
    count(*) as event_count,
    count(case when event_type = 'VIEW_PRODUCT' then 1 end) as product_views,
    count(case when event_type = 'ADD_TO_CART' then 1 end) as cart_adds,
    count(case when event_type = 'CHECKOUT' then 1 end) as checkouts,
    count(case when event_type = 'PURCHASE' then 1 end) as purchases,
    count(*) = 1 as is_bounce
from events
group by tenant_id, session_id
