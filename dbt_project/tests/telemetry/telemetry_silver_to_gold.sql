-- Of every month in which the run made uses anew, staging and the marts of uses count the same events.
-- Which months these are is found from {{ source("bronze", "users") }}, {{ ref("users_snapshot") }}
-- and {{ source("bronze", "feature_usage_hourly") }}.
{%- set days = telemetry_touched_usage_days() %}
with

counted as (
    select
        'stg_feature_events' as table_name,
        usage_date,
        sum(event_count) as event_count
    from {{ ref("stg_feature_events") }}
    where {{ in_touched_months("usage_date", days) }}
    group by usage_date
    union all
    select
        'mart_feature_usage_hourly' as table_name,
        usage_date,
        sum(event_count) as event_count
    from {{ ref("mart_feature_usage_hourly") }}
    where {{ in_touched_months("usage_date", days) }}
    group by usage_date
    union all
    select
        'mart_feature_usage_by_time' as table_name,
        usage_date,
        sum(event_count) as event_count
    from {{ ref("mart_feature_usage_by_time") }}
    where {{ in_touched_months("usage_date", days) }}
    group by usage_date
    union all
    select
        'mart_dashboard_overview' as table_name,
        metric_date as usage_date,
        sum(total_events) as event_count
    from {{ ref("mart_dashboard_overview") }}
    where {{ in_touched_months("metric_date", days) }} and total_events > 0
    group by metric_date
)

select
    usage_date,
    count(*) as table_count,
    min(event_count) as fewest,
    max(event_count) as most
from counted
group by usage_date
having count(*) <> 4 or min(event_count) <> max(event_count)
