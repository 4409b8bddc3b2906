-- Of every day of the run, each use of bronze is in silver or held back, and none in both.
with

received as (
    select distinct
        usage_date,
        tenant_id,
        user_id,
        feature,
        window_start
    from {{ source("bronze", "feature_usage_hourly") }}
    where {{ in_days("usage_date") }}
),

held_back as (
    select distinct
        counts.tenant_id,
        counts.user_id,
        counts.feature,
        counts.window_start
    from {{ ref("telemetry_quarantine") }} as held
    inner join {{ source("bronze", "feature_usage_hourly") }} as counts on held.record_key = counts.record_key
    where held.table_name = 'feature_usage_hourly'
)

select
    received.*,
    held_back.user_id is not null as is_held_back
from received
left join {{ staged(ref("stg_feature_events")) }} as events
    on
        received.tenant_id = events.tenant_id
        and received.user_id = events.user_id
        and received.feature = events.feature
        and received.window_start = events.window_start
left join held_back
    on
        received.tenant_id = held_back.tenant_id
        and received.user_id = held_back.user_id
        and received.feature = held_back.feature
        and received.window_start = held_back.window_start
where (events.user_id is null) = (held_back.user_id is null)
