-- One row per user, feature and hour, on the days whose uses the run makes anew.
-- Which days these are is found from {{ source("bronze", "users") }}, {{ ref("users_snapshot") }}
-- and {{ source("bronze", "feature_usage_hourly") }}.
{{ config(replaces="touched", touched="telemetry_touched_usage_days") }}
select
    usage_date,
    window_start,
    tenant_id,
    user_id,
    feature,
    event_count,
    session_id,
    user_segment,
    region
from {{ ref("stg_feature_events") }}
where {{ in_touched_days("usage_date", telemetry_touched_usage_days()) }}
