-- One row per complaint, in the months in which a complaint touched by the run was submitted.
{{ config(replaces="touched", touched="pgr_touched_submission_months") }}
{%- set months = pgr_touched_submission_months() %}
with

events as (
    select *
    from {{ pgr_case_events() }} as events
),

last_periods as (
    select
        tenant_id,
        complaint_id,
        max(period_no) as period_no,
        max_by(opened_at, period_no) as opened_at,
        -- Only the last period can lack an end, so its end is the latest unless one is missing.
        case when count(*) = count(closed_at) then max(closed_at) end as ended_at
    from {{ ref("silver_pgr_open_periods") }}
    {%- if is_partial() %}
    where opened_date >= {{ pgr_first_day() }}
    {%- endif %}
    group by tenant_id, complaint_id
),

cases as (
    select
        events.tenant_id,
        events.complaint_id,
        min(events.submitted_at) as submitted_at,
        min(case when events.event_type = 'ASSIGNED' then events.event_time end) as assigned_at,
        max(case when events.event_type = 'ASSIGNED' then events.event_time end) as last_assigned_at,
        min(case
            when events.event_type = 'RESOLVED' and events.event_time >= last_periods.ended_at
                then events.event_time
        end) as resolved_at,
        min(case
            when events.event_type = 'CLOSED' and events.event_time >= last_periods.ended_at
                then events.event_time
        end) as closed_at,
        max(case when events.event_type = 'REOPENED' then events.event_time end) as reopened_at,
        count(case when events.event_type = 'REOPENED' then 1 end) as reopen_count,
        max(events.event_time) as last_event_at,
        max_by(events.sla_hours, events.event_no) filter (where events.sla_hours is not null) as sla_hours,
        min_by(events.channel, events.event_no) filter (where events.channel is not null) as channel,
        max_by(events.ward_id, events.event_no) filter (where events.ward_id is not null) as ward_id,
        max_by(events.locality_id, events.event_no) filter (
            where events.locality_id is not null
        ) as locality_id,
        max_by(events.complaint_type, events.event_no) filter (
            where events.complaint_type is not null
        ) as complaint_type,
        max_by(events.priority, events.event_no) filter (where events.priority is not null) as priority,
        count(*) as event_count,
        min(last_periods.period_no) as period_no,
        min(last_periods.opened_at) as opened_at,
        min(last_periods.ended_at) as ended_at
    from events
    inner join last_periods
        on events.tenant_id = last_periods.tenant_id and events.complaint_id = last_periods.complaint_id
    group by events.tenant_id, events.complaint_id
),

timed as (
    select
        *,
        {{ hours_of(millis_between("submitted_at", "ended_at")) }} as turnaround_hours
    from cases
)

select
    tenant_id,
    complaint_id,
    submitted_at,
    {{ business_day("submitted_at") }} as submitted_date,
    assigned_at,
    resolved_at,
    closed_at,
    reopened_at,
    cast(reopen_count as integer) as reopen_count,
    last_event_at,
    case
        when closed_at is not null then 'CLOSED'
        when ended_at is not null then 'RESOLVED'
        when last_assigned_at >= opened_at then 'ASSIGNED'
        when period_no > 1 then 'REOPENED'
        else 'OPEN'
    end as status,
    ended_at is null as is_open,
    turnaround_hours,
    sla_hours,
    turnaround_hours > sla_hours as is_sla_breached,
    channel,
    ward_id,
    locality_id,
    complaint_type,
    priority,
    cast(event_count as integer) as event_count
from timed
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ pgr_touched_cases() }} as touched
    on kept.tenant_id = touched.tenant_id and kept.complaint_id = touched.complaint_id
where touched.complaint_id is null and {{ in_months("kept.submitted_date", months) }}
{%- endif %}
