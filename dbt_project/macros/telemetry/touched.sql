{#- What a run for some days touches beyond those days: the uses of users whose history it changed, and the sessions that
    these uses belong to. -#}

{% macro telemetry_user_attributes() -%}
  {{ return({
    "first_seen": "first_seen", "age": "age", "gender": "gender", "region": "region", "user_segment": "condition"
  }) }}
{%- endmacro %}

{#- The users that have a change, in any copy, on a day of the run. -#}
{% macro telemetry_touched_users_query() -%}
  select distinct tenant_id, user_id
  from {{ source("bronze", "users") }}
  where {{ in_days("change_date") }}
{%- endmacro %}

{#- Days on which versions of the touched users begin, or began before the run: those of their changes. -#}
{% macro telemetry_touched_user_days() -%} {{ return(remembered_days("telemetry_user_days")) }} {%- endmacro %}
{% macro telemetry_user_days_query() -%}
  {{ days_of_touched(source("bronze", "users"), "change_date", "telemetry_touched_users", ["tenant_id", "user_id"]) }}
{%- endmacro %}

{#- The users whose history the run changed, and from when on. -#}
{% macro telemetry_changed_users_query() -%}
  {%- set key = ["tenant_id", "user_id"] -%}
  {{ scd2_changed(
      scd2_of_touched(published("users_snapshot"), "telemetry_touched_users", key),
      scd2_of_touched(ref("users_snapshot"), "telemetry_touched_users", key),
      key,
      telemetry_user_attributes()
  ) }}
{%- endmacro %}

{#- Days whose uses the run makes anew: its own, and those with a use by a user for whom another version now holds. -#}
{% macro telemetry_touched_usage_days() -%}
  {%- if not is_partial() -%} {{ return([]) }} {%- endif -%}
  {{ return((remembered_days("telemetry_usage_days") + var("days")) | unique | sort) }}
{%- endmacro %}
{% macro telemetry_usage_days_query() -%}
  select distinct counts.usage_date as day
  from {{ source("bronze", "feature_usage_hourly") }} as counts
  inner join {{ remembered("telemetry_changed_users") }} as changed
    on counts.tenant_id = changed.tenant_id and counts.user_id = changed.user_id
  where counts.window_start >= changed.changed_from
{%- endmacro %}

{#- The sessions with a use on one of those days, before or after, or reported on a day of the run. -#}
{% macro telemetry_touched_sessions_query() -%}
  {%- set days = telemetry_touched_usage_days() -%}
  select tenant_id, session_id
  from {{ ref("stg_feature_events") }}
  where {{ in_days("usage_date", days) }}
  union
  select tenant_id, session_id
  from {{ published("stg_feature_events") }}
  where {{ in_days("usage_date", days) }}
  union
  select tenant_id, session_id
  from {{ source("bronze", "sessions") }}
  where {{ in_days("session_date") }}
{%- endmacro %}

{#- Days on which touched sessions have uses. -#}
{% macro telemetry_session_usage_days_query() -%}
  {{ days_of_touched(
      ref("stg_feature_events"), "usage_date", "telemetry_touched_sessions", ["tenant_id", "session_id"]
  ) }}
{%- endmacro %}

{#- Touched sessions, worked out from their uses and from what was reported of them. -#}
{% macro telemetry_user_sessions_query() -%}
  {%- set key = ["tenant_id", "session_id"] -%}
  select
    {{ business_day("session_start") }} as session_date,
    made.*
  from (
    select
      coalesce(min(reported.session_start), min(events.window_start)) as session_start,
      coalesce(min(reported.session_end), {{ plus_hours("max(events.window_start)", 1) }}) as session_end,
      events.tenant_id,
      events.session_id,
      min(events.user_id) as user_id,
      min_by(events.user_segment, (events.window_start, events.record_key)) as user_segment,
      min_by(events.region, (events.window_start, events.record_key)) as region,
      min(reported.device) as device,
      min(reported.app_version) as app_version,
      count(distinct events.feature) as feature_count,
      cast(sum(events.event_count) as bigint) as total_events,
      min(reported.session_start) is not null as is_reported
    from {{ rows_of_touched(
        ref("stg_feature_events"), "usage_date", remembered_days("telemetry_session_usage_days"),
        "telemetry_touched_sessions", key
    ) }} as events
    left join {{ ref("stg_sessions") }} as reported
      on events.tenant_id = reported.tenant_id and events.session_id = reported.session_id
    group by events.tenant_id, events.session_id
  ) as made
{%- endmacro %}

{#- Days on which touched sessions begin, or began before the run. -#}
{% macro telemetry_touched_session_days() -%} {{ return(remembered_days("telemetry_session_days")) }} {%- endmacro %}
{% macro telemetry_session_days_query() -%}
  select session_date as day
  from {{ remembered("telemetry_user_sessions") }}
  union
  {{ days_of_touched(
      published("int_user_sessions"), "session_date", "telemetry_touched_sessions", ["tenant_id", "session_id"]
  ) }}
{%- endmacro %}

{#- Days of which the run changes a key figure. -#}
{% macro telemetry_touched_overview_days() -%}
  {{ return((telemetry_touched_usage_days() + telemetry_touched_session_days()) | unique | sort) }}
{%- endmacro %}
