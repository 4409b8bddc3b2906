-- One row per complaint and open period, in the months in which a complaint touched by the run has a period.
{{ config(replaces="touched", touched="pgr_touched_opening_months") }}
{%- set months = pgr_touched_opening_months() %}
with

events as (
    select *
    from {{ pgr_case_events() }} as events
),

-- Only the events that open or close count here, and of several alike in a row only the first.
turns as (
    select
        *,
        row_number() over (partition by tenant_id, complaint_id order by event_no) as turn_no,
        lead(event_time) over (partition by tenant_id, complaint_id order by event_no) as next_turn_at
    from (
        select
            *,
            lag(opens) over (partition by tenant_id, complaint_id order by event_no) as was_open
        from (
            select
                *,
                event_type in ('CREATED', 'REOPENED') as opens
            from events
            where event_type <> 'ASSIGNED'
        ) as steps
    ) as steps
    where was_open is null or opens <> was_open
),

cases as (
    select
        tenant_id,
        complaint_id,
        min(submitted_at) as submitted_at,
        max_by(ward_id, event_no) filter (where ward_id is not null) as ward_id,
        min_by(channel, event_no) filter (where channel is not null) as channel,
        max_by(complaint_type, event_no) filter (where complaint_type is not null) as complaint_type,
        max_by(priority, event_no) filter (where priority is not null) as priority,
        max_by(sla_hours, event_no) filter (where sla_hours is not null) as sla_hours
    from events
    group by tenant_id, complaint_id
)

select
    turns.tenant_id,
    turns.complaint_id,
    cast((turns.turn_no + 1) / 2 as integer) as period_no,
    turns.event_time as opened_at,
    turns.event_date as opened_date,
    turns.next_turn_at as closed_at,
    {{ business_day("turns.next_turn_at") }} as closed_date,
    cases.ward_id,
    cases.channel,
    cases.complaint_type,
    cases.priority,
    case
        when cases.sla_hours between -876600 and 876600
            then {{ plus_hours("cases.submitted_at", "cases.sla_hours") }}
    end as sla_due_at
from turns
inner join cases
    on turns.tenant_id = cases.tenant_id and turns.complaint_id = cases.complaint_id
where turns.opens
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ pgr_touched_cases() }} as touched
    on kept.tenant_id = touched.tenant_id and kept.complaint_id = touched.complaint_id
where touched.complaint_id is null and {{ in_months("kept.opened_date", months) }}
{%- endif %}
