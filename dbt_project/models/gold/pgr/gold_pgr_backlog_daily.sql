-- One row per day, tenant, ward, channel, complaint type and priority with open complaints, for the days of
-- the run and every other day whose backlog it changes, up to the last day on which any event is known.
{{ config(replaces="touched", touched="pgr_touched_backlog_days") }}
{%- set run_days = pgr_touched_backlog_days() %}
with

periods as (
    select *
    from {{ ref("silver_pgr_open_periods") }}
),

all_time as (
    select
        min(opened_date) as first_day,
        date '9999-12-31' as last_day
    from periods
),

horizon as (
    select {{ business_day("max(last_event_at)") }} as last_day
    from {{ ref("gold_pgr_case_lifecycle") }}
),

spans as (
    select
        made.first_day,
        least(made.last_day, horizon.last_day) as last_day
    from {{ spans_of(run_days) if is_partial() else "all_time" }} as made
    cross join horizon
),

open_on as (
    select
        days.day,
        periods.*,
        {{ end_of_day("days.day") }} as day_end
    from {{ days_of_spans("spans", "days") }}
    inner join periods
        on
            days.day >= periods.opened_date
            and days.day < coalesce(periods.closed_date, date '9999-12-31')
)

select
    day as metric_date,
    tenant_id,
    ward_id,
    channel,
    complaint_type,
    priority,
    count(*) as open_cases,
    count(case when sla_due_at < day_end then 1 end) as overdue_cases,
    {{ hours_of("sum(" ~ millis_between("opened_at", "day_end") ~ ")") }} as age_hours_total
from open_on
group by day, tenant_id, ward_id, channel, complaint_type, priority
