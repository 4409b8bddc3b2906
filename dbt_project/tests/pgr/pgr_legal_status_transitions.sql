-- An event on a day of the run follows a step after which it may happen. Unusual, but possible in real feeds.
-- Reads all events of the complaints touched, so it waits for {{ ref("silver_pgr_open_periods") }}.
{{ config(severity="warn") }}
with

steps as (
    select
        *,
        lag(event_type) over (partition by tenant_id, complaint_id order by event_no) as previous_type
    from {{ pgr_case_events() }} as events
)

select *
from steps
where
    {{ in_days("event_date") }}
    and not case event_type
        when 'CREATED' then previous_type is null
        when 'ASSIGNED' then previous_type in ('CREATED', 'ASSIGNED', 'REOPENED')
        when 'RESOLVED' then previous_type in ('CREATED', 'ASSIGNED', 'REOPENED')
        when 'CLOSED' then previous_type in ('CREATED', 'ASSIGNED', 'RESOLVED', 'REOPENED')
        when 'REOPENED' then previous_type in ('RESOLVED', 'CLOSED')
    end
