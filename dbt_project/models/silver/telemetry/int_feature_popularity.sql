-- One row per day, tenant, feature and subscription tier, for the whole months in which the run makes uses
-- anew.
-- Which days these are is found from {{ source("bronze", "users") }}, {{ ref("users_snapshot") }}
-- and {{ source("bronze", "feature_usage_hourly") }}.
{{ config(replaces="touched", touched="telemetry_touched_usage_days") }}
select
    usage_date,
    tenant_id,
    feature,
    user_segment,
    cast(sum(event_count) as bigint) as event_count,
    count(distinct user_id) as user_count,
    count(distinct session_id) as session_count
from {{ ref("stg_feature_events") }}
where {{ in_touched_months("usage_date", telemetry_touched_usage_days()) }}
group by usage_date, tenant_id, feature, user_segment
