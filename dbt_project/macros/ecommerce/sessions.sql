{#- Sessions: actions of a visitor no more than 30 minutes apart. An action can only extend, join or split sessions
    that come within 30 minutes of it, so a run reads its own days, the two beside them and the sessions it meets. -#}
{% macro ecommerce_session_gap_millis() -%} 1800000 {%- endmacro %}

{% macro ecommerce_event_columns() -%}
  {{ return([
    "event_date", "event_time", "tenant_id", "event_id", "visitor_id", "customer_id", "event_type", "product_id",
    "order_id", "device", "traffic_source", "page", "record_key", "load_id", "loaded_at"
  ]) }}
{%- endmacro %}

{#- The days of the run and their neighbours. -#}
{% macro ecommerce_near_days() -%}
  {%- set near = [] -%}
  {%- for text in var("days", []) -%}
    {%- set day = modules.datetime.date.fromisoformat(text) -%}
    {%- for shift in [-1, 0, 1] -%}
      {%- do near.append((day + modules.datetime.timedelta(days=shift)).isoformat()) -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(near | unique | sort) }}
{%- endmacro %}

{#- The published sessions that the run may change: those near its days, of visitors with an action on one of them. -#}
{% macro ecommerce_affected_sessions_query() -%}
  select distinct
    events.tenant_id,
    events.visitor_id,
    events.session_id,
    events.session_started_at,
    {{ business_day("events.session_started_at") }} as first_day,
    {{ business_day("events.session_ended_at") }} as last_day
  from {{ published("silver_ecommerce_events") }} as events
  inner join (
    select distinct tenant_id, visitor_id
    from {{ source("bronze", "ecommerce_clickstream") }}
    where {{ in_days("event_date") }}
  ) as touched
    on events.tenant_id = touched.tenant_id and events.visitor_id = touched.visitor_id
  where {{ in_days("events.event_date", ecommerce_near_days()) }}
{%- endmacro %}

{#- Days whose actions the run may put into other sessions: its own, and those over which an affected session runs. -#}
{% macro ecommerce_touched_event_days() -%}
  {%- if not is_partial() -%} {{ return([]) }} {%- endif -%}
  {{ return((remembered_days("ecommerce_event_days") + var("days")) | unique | sort) }}
{%- endmacro %}
{% macro ecommerce_event_days_query() -%}
  select days.day
  from {{ days_of_spans(remembered("ecommerce_affected_sessions"), "days") }}
{%- endmacro %}

{#- The actions the run is about, each once, with their sessions: all of its days, and those of affected sessions. -#}
{% macro ecommerce_session_events_query() -%}
  {%- set columns = ecommerce_event_columns() -%}
  {%- set by_visitor -%} partition by tenant_id, visitor_id order by event_time, record_key {%- endset -%}
  select
    {{ columns | join(", ") }},
    first_value(record_key) over (
      partition by tenant_id, visitor_id, session_no
      order by event_time, record_key
    ) as session_id,
    min(event_time) over (partition by tenant_id, visitor_id, session_no) as session_started_at,
    max(event_time) over (partition by tenant_id, visitor_id, session_no) as session_ended_at
  from (
    select
      *,
      sum(begins) over ({{ by_visitor }} rows between unbounded preceding and current row) as session_no
    from (
      select
        *,
        case
          when {{ millis_between("lag(event_time) over (" ~ by_visitor ~ ")", "event_time") }}
            <= {{ ecommerce_session_gap_millis() }} then 0
          else 1
        end as begins
      from (
        select {{ columns | join(", ") }}
        from {{ latest_copies(source("bronze", "ecommerce_clickstream"), where=in_days("event_date")) }} as latest
        {%- if is_partial() %}
        union all
        select events.{{ columns | join(", events.") }}
        from {{ published("silver_ecommerce_events") }} as events
        inner join {{ remembered("ecommerce_affected_sessions") }} as affected
          on events.tenant_id = affected.tenant_id and events.session_id = affected.session_id
        where
          {{ in_days("events.event_date", ecommerce_touched_event_days()) }}
          and not ({{ in_days("events.event_date") }})
        {%- endif %}
      ) as actions
    ) as marked
  ) as numbered
{%- endmacro %}

{#- Days on which a session begins, or began before the run, that the run may have changed. -#}
{% macro ecommerce_touched_session_days() -%} {{ return(remembered_days("ecommerce_session_days")) }} {%- endmacro %}
{% macro ecommerce_session_days_query() -%}
  select first_day as day
  from {{ remembered("ecommerce_affected_sessions") }}
  union
  select {{ business_day("session_started_at") }} as day
  from {{ remembered("ecommerce_session_events") }}
{%- endmacro %}
