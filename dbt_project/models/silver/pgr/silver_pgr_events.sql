-- One row per PGR event, in its latest version, for the days of the run.
select
    event_date,
    event_time,
    tenant_id,
    entity_id as complaint_id,
    event_type,
    status,
    actor_type,
    actor_id,
    channel,
    ward_id,
    locality_id,
    upper({{ json_text("attributes_json", "complaint_type") }}) as complaint_type,
    upper({{ json_text("attributes_json", "priority") }}) as priority,
    {{ as_integer(json_text("attributes_json", "sla_hours")) }} as sla_hours,
    record_key,
    load_id,
    loaded_at
from
    {{ latest_copies(
        source("bronze", "service_events_raw"),
        where="service = 'PGR' and " ~ in_days("event_date")
    ) }} as latest
