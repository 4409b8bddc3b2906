-- One row per day of the run, tenant, ward, channel, complaint type and priority with any event.
with

events as (
    select *
    from {{ ref("silver_pgr_events") }}
    where {{ in_days("event_date") }}
)

select
    event_date as metric_date,
    tenant_id,
    ward_id,
    channel,
    complaint_type,
    priority,
    count(case when event_type = 'CREATED' then 1 end) as submitted_count,
    count(case when event_type = 'ASSIGNED' then 1 end) as assigned_count,
    count(case when event_type = 'RESOLVED' then 1 end) as resolved_count,
    count(case when event_type = 'CLOSED' then 1 end) as closed_count,
    count(case when event_type = 'REOPENED' then 1 end) as reopened_count,
    count(*) as event_count
from events
group by event_date, tenant_id, ward_id, channel, complaint_type, priority
