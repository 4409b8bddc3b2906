-- One row per day, tenant, device, traffic source and whether someone was signed in, for the whole months in
-- which a session begins, or began, that the run may have changed.
-- Which months these are is found from {{ source("bronze", "ecommerce_clickstream") }}
-- and {{ ref("silver_ecommerce_events") }}.
{{ config(replaces="touched", touched="ecommerce_touched_session_days") }}
with

sessions as (
    select
        *,
        customer_id is not null as is_signed_in,
        case
            when purchases > 0 then 4
            when checkouts > 0 then 3
            when cart_adds > 0 then 2
            when product_views > 0 then 1
            else 0
        end as furthest
    from {{ ref("silver_ecommerce_sessions") }}
    where {{ in_touched_months("session_date", ecommerce_touched_session_days()) }}
)

select
    session_date,
    tenant_id,
    device,
    traffic_source,
    is_signed_in,
    count(*) as session_count,
    count(case when is_bounce then 1 end) as bounce_count,
    count(case when furthest >= 1 then 1 end) as viewed_count,
    count(case when furthest >= 2 then 1 end) as carted_count,
    count(case when furthest >= 3 then 1 end) as checkout_count,
    count(case when furthest >= 4 then 1 end) as purchased_count,
    sum(event_count) as event_count,
    sum(duration_seconds) as duration_seconds
from sessions
group by session_date, tenant_id, device, traffic_source, is_signed_in
