-- One row per action, on the days of the run and those over which a session runs that it may change.
{{ config(replaces="touched", touched="ecommerce_touched_event_days") }}
with

events as (
    select *
    from {{ remembered("ecommerce_session_events") }} as events
)

select
    event_date,
    event_time,
    tenant_id,
    event_id,
    visitor_id,
    customer_id,
    event_type,
    product_id,
    order_id,
    device,
    traffic_source,
    page,
    session_id,
    session_started_at,
    session_ended_at,
    record_key,
    load_id,
    loaded_at
from events
{%- if is_partial() %}

-- Other sessions on these days stay as they are; of the days of the run nothing is kept.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ remembered("ecommerce_affected_sessions") }} as affected
    on kept.tenant_id = affected.tenant_id and kept.session_id = affected.session_id
where
    affected.session_id is null
    and {{ in_days("kept.event_date", ecommerce_touched_event_days()) }}
    and not ({{ in_days("kept.event_date") }})
{%- endif %}
