-- One row per event, on the days that the run touches.
-- It reads {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
select
    event_date,
    event_hour,
    event_time,
    tenant_id,
    event_id,
    device_kind,
    event_type,
    store_id,
    product_id,
    customer_id,
    amount,
    record_key,
    load_id,
    loaded_at
from {{ retail_latest("retail_events", "event_date") }} as latest
