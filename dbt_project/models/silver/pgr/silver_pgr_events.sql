-- One row per PGR event, in its latest version, for the days of the run.
with

received as (
    select *
    from {{ source("bronze", "service_events_raw") }}
    where service = 'PGR' and {{ in_days("event_date") }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_key
            order by loaded_at desc, load_id desc, source_row desc
        ) as version_no
    from received
)

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
from ranked
where version_no = 1
