-- One row per session with a use, for the whole months in which a session touched by the run begins, or
-- began.
-- Which sessions these are is found from {{ source("bronze", "sessions") }}, {{ source("bronze", "users") }}
-- and {{ source("bronze", "feature_usage_hourly") }}.
{{ config(replaces="touched", touched="telemetry_touched_session_days") }}
{%- set days = telemetry_touched_session_days() %}
with

sessions as (
    select *
    from {{ remembered("telemetry_user_sessions") }} as sessions
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
    is_reported
from sessions
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ remembered("telemetry_touched_sessions") }} as touched
    on kept.tenant_id = touched.tenant_id and kept.session_id = touched.session_id
where touched.session_id is null and {{ in_months("kept.session_date", months_of_days(days)) }}
{%- endif %}
