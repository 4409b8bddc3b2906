-- One row per day, tenant, ward, channel, complaint type and priority with open complaints, for the days of the run
-- and every other day whose backlog it changes, up to the last day on which any event is known.
{{ config(replaces="touched", touched="pgr_touched_backlog_days") }}
{%- set run_days = pgr_touched_backlog_days() %}
with

periods as (
    select *
    from {{ ref("silver_pgr_open_periods") }}
),

horizon as (
    select cast(max(last_event_at) as date) as last_day
    from {{ ref("gold_pgr_case_lifecycle") }}
),

{% if is_partial() -%}
spans as (
    {%- for first, last in day_spans(run_days) %}
    {{ "union all" if not loop.first }}
    select
        date '{{ first }}' as first_day,
        least(date '{{ last }}', last_day) as last_day
    from horizon
    {%- endfor %}
),
{%- else -%}
spans as (
    select
        min(periods.opened_date) as first_day,
        max(horizon.last_day) as last_day
    from periods
    cross join horizon
),
{%- endif %}

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
