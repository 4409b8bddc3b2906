-- One row per user, feature and hour, on the days of the run and those on which a user is another than
-- before. Which users these are is found from {{ source("bronze", "users") }}.
{{ config(replaces="touched", touched="telemetry_touched_usage_days") }}
select
    counts.usage_date,
    counts.window_start,
    {{ local_hour("counts.window_start") }} as hour_of_day,
    counts.tenant_id,
    counts.user_id,
    versions.version_no as user_version_no,
    versions.user_segment,
    versions.region,
    counts.feature,
    counts.event_count,
    counts.session_id,
    counts.record_key,
    counts.load_id,
    counts.loaded_at
from
    {{ latest_copies(
        source("bronze", "feature_usage_hourly"),
        ["tenant_id", "user_id", "feature", "window_start"],
        where=in_touched_days("usage_date", telemetry_touched_usage_days())
    ) }} as counts
inner join {{ ref("users_snapshot") }} as versions
    on
        counts.tenant_id = versions.tenant_id
        and counts.user_id = versions.user_id
        and {{ scd2_held_at("versions", "counts.window_start") }}
