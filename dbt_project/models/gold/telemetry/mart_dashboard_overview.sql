-- One row per day and tenant, for the whole months in which the run changes a key figure.
-- Which months these are is found from {{ source("bronze", "users") }}, {{ ref("users_snapshot") }},
-- {{ source("bronze", "sessions") }}, {{ ref("stg_sessions") }}
-- and {{ source("bronze", "feature_usage_hourly") }}.
{{ config(replaces="touched", touched="telemetry_touched_overview_days") }}
{%- set days = telemetry_touched_overview_days() %}
with

uses as (
    select
        usage_date as metric_date,
        tenant_id,
        count(distinct user_id) as active_users,
        count(distinct feature) as features_used,
        cast(sum(event_count) as bigint) as total_events
    from {{ ref("stg_feature_events") }}
    where {{ in_touched_months("usage_date", days) }}
    group by usage_date, tenant_id
),

sessions as (
    select
        session_date as metric_date,
        tenant_id,
        count(*) as session_count,
        sum({{ millis_between("session_start", "session_end") }}) as session_millis
    from {{ ref("int_user_sessions") }}
    where {{ in_touched_months("session_date", days) }}
    group by session_date, tenant_id
)

select
    metric_date,
    tenant_id,
    coalesce(uses.active_users, 0) as active_users,
    coalesce(uses.features_used, 0) as features_used,
    coalesce(uses.total_events, 0) as total_events,
    coalesce(sessions.session_count, 0) as session_count,
    {{ hours_of("coalesce(sessions.session_millis, 0)") }} as session_hours
from uses
full outer join sessions using (metric_date, tenant_id)
