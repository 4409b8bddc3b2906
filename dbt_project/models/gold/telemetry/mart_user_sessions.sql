-- One row per session, for the whole months in which a session touched by the run begins, or began.
-- Which months these are is found from {{ ref("stg_feature_events") }}, {{ ref("stg_sessions") }},
-- {{ source("bronze", "sessions") }}, {{ source("bronze", "users") }}
-- and {{ source("bronze", "feature_usage_hourly") }}.
{{ config(replaces="touched", touched="telemetry_touched_session_days") }}
with

sessions as (
    select
        *,
        {{ hours_of(millis_between("session_start", "session_end")) }} as session_duration_hours
    from {{ ref("int_user_sessions") }}
    where {{ in_touched_months("session_date", telemetry_touched_session_days()) }}
)

select
    session_date,
    session_start,
    session_end,
    tenant_id,
    session_id,
    user_id,
    user_segment,
    region,
    device,
    app_version,
    feature_count,
    total_events,
    session_duration_hours,
    case
        when session_duration_hours < 0.5 then 'under 30 min'
        when session_duration_hours < 1 then '30-60 min'
        when session_duration_hours < 2 then '1-2 h'
        else '2 h and more'
    end as duration_band
from sessions
