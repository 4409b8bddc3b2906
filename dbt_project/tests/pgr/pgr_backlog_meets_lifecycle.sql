-- If the run made the last known day, its backlog counts the complaints that lifecycle says are open.
with

lifecycle as (
    select
        {{ business_day("max(last_event_at)") }} as metric_date,
        count(case when is_open then 1 end) as open_cases
    from {{ ref("gold_pgr_case_lifecycle") }}
),

backlog as (
    select
        metric_date,
        sum(open_cases) as open_cases
    from {{ staged(ref("gold_pgr_backlog_daily")) }}
    group by metric_date
)

select
    metric_date,
    backlog.open_cases as in_backlog,
    lifecycle.open_cases as in_lifecycle
from backlog
inner join lifecycle using (metric_date)
where backlog.open_cases <> lifecycle.open_cases
