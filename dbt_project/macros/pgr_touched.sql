{#- What a run for some days touches beyond those days: the complaints with an event on them, the months these
    complaints lie in, and the days on whose backlog they have an effect. All of it is found from the days' own
    partitions and from what is published about these complaints, never by going through all events. -#}

{#- The complaints that have, or had before this run, an event on one of its days. -#}
{% macro pgr_touched_cases() -%} {{ return(remembered("pgr_touched_cases")) }} {%- endmacro %}
{% macro pgr_touched_cases_query() -%}
  select tenant_id, complaint_id
  from {{ ref("silver_pgr_events") }}
  where {{ in_days("event_date") }}
  union
  select tenant_id, complaint_id
  from {{ published("silver_pgr_events") }}
  where {{ in_days("event_date") }}
{%- endmacro %}

{#- The published open periods of these complaints. -#}
{% macro pgr_periods_before() -%} {{ return(remembered("pgr_periods_before")) }} {%- endmacro %}
{% macro pgr_periods_before_query() -%}
  select periods.*
  from {{ published("silver_pgr_open_periods") }} as periods
  inner join {{ pgr_touched_cases() }} as touched
    on periods.tenant_id = touched.tenant_id and periods.complaint_id = touched.complaint_id
{%- endmacro %}

{#- Day before which no touched complaint has events from its submission on, as a literal: scans are pruned by it.
    A touched complaint was submitted on a day of the run, or its first period was published before. -#}
{% macro pgr_first_day() -%}
  {%- if not is_partial() -%}
    {{ return("date '0001-01-01'") }}
  {%- endif -%}
  {%- set known = values_of("select min(opened_date) as first_day from " ~ pgr_periods_before()) -%}
  {{ return("date '" ~ ((known + var("days")) | sort | first) ~ "'") }}
{%- endmacro %}

{#- Events of the complaints the run is about, from their submission on, numbered in order. A complaint without a
    CREATED event has none. Of events at the same time the usual order of steps decides. -#}
{% macro pgr_case_events() -%} {{ return(remembered("pgr_case_events")) }} {%- endmacro %}
{% macro pgr_case_events_query() -%}
  select
    *,
    row_number() over (
      partition by tenant_id, complaint_id
      order by event_time, step, record_key
    ) as event_no
  from (
    select
      events.*,
      case events.event_type
        when 'CREATED' then 1
        when 'ASSIGNED' then 2
        when 'RESOLVED' then 3
        when 'CLOSED' then 4
        when 'REOPENED' then 5
      end as step,
      min(case when events.event_type = 'CREATED' then events.event_time end) over (
        partition by events.tenant_id, events.complaint_id
      ) as submitted_at
    from {{ ref("silver_pgr_events") }} as events
    {%- if is_partial() %}
    inner join {{ pgr_touched_cases() }} as touched
      on events.tenant_id = touched.tenant_id and events.complaint_id = touched.complaint_id
    where events.event_date >= {{ pgr_first_day() }}
    {%- endif %}
  ) as known
  where event_time >= submitted_at
{%- endmacro %}

{#- Months (first days) of silver_pgr_open_periods in which a touched complaint has, or had, a period. -#}
{% macro pgr_touched_opening_months() -%}
  {%- set query -%}
    select distinct {{ month_of("day") }} as month_date
    from (
      select opened_date as day
      from {{ pgr_periods_before() }}
      union all
      select event_date as day
      from {{ pgr_case_events() }}
      where event_type in ('CREATED', 'REOPENED')
    ) as openings
  {%- endset -%}
  {{ return(values_of(query) if is_partial() else []) }}
{%- endmacro %}

{#- Months (first days) of gold_pgr_case_lifecycle in which a touched complaint is, or was, submitted: its first period
    opens when it is submitted. -#}
{% macro pgr_touched_submission_months() -%}
  {%- set query -%}
    select distinct {{ month_of("day") }} as month_date
    from (
      select opened_date as day
      from {{ pgr_periods_before() }}
      where period_no = 1
      union all
      select {{ business_day("submitted_at") }} as day
      from {{ pgr_case_events() }}
    ) as submissions
  {%- endset -%}
  {{ return(values_of(query) if is_partial() else []) }}
{%- endmacro %}

{#- Days of gold_pgr_backlog_daily that the run makes anew: its own, the days on which a touched complaint was open
    before or after but not alike in both, and those by which the last known day moved. -#}
{% macro pgr_touched_backlog_days() -%}
  {{ return((remembered_days("pgr_changed_backlog_days") + var("days")) | unique | sort if is_partial() else []) }}
{%- endmacro %}
{% macro pgr_changed_backlog_days_query() -%}
  with

  horizons as (
    select
      coalesce(max(case when is_new then last_day end), date '0001-01-01') as new_horizon,
      coalesce(max(case when not is_new then last_day end), date '0001-01-01') as old_horizon,
      {{ next_day("max(last_day)") }} as open_end
    from (
      select true as is_new, {{ business_day("max(last_event_at)") }} as last_day
      from {{ ref("gold_pgr_case_lifecycle") }}
      union all
      select false as is_new, {{ business_day("max(last_event_at)") }} as last_day
      from {{ published("gold_pgr_case_lifecycle") }}
    ) as known
  ),

  before as (
    select * from {{ pgr_periods_before() }}
  ),

  after as (
    select periods.*
    from {{ ref("silver_pgr_open_periods") }} as periods
    inner join {{ pgr_touched_cases() }} as touched
      on periods.tenant_id = touched.tenant_id and periods.complaint_id = touched.complaint_id
    where periods.opened_date >= {{ pgr_first_day() }}
  ),

  paired as (
    select
      coalesce(before.opened_date, after.opened_date) as opened_date,
      coalesce(before.closed_date, horizons.open_end) as end_before,
      coalesce(after.closed_date, horizons.open_end) as end_after,
      before.opened_date is null
      or after.opened_date is null
      or before.ward_id is distinct from after.ward_id
      or before.channel is distinct from after.channel
      or before.complaint_type is distinct from after.complaint_type
      or before.priority is distinct from after.priority
      or before.sla_due_at is distinct from after.sla_due_at as is_other
    from before
    full outer join after
      on
        before.tenant_id = after.tenant_id
        and before.complaint_id = after.complaint_id
        and before.opened_at = after.opened_at
    cross join horizons
  ),

  spans as (
    select distinct
      case when is_other then opened_date else least(end_before, end_after) end as first_day,
      greatest(end_before, end_after) as end_day
    from paired
    where is_other or end_before <> end_after
    union all
    select
      {{ next_day("least(new_horizon, old_horizon)") }} as first_day,
      {{ next_day("greatest(new_horizon, old_horizon)") }} as end_day
    from horizons
    where old_horizon > date '0001-01-01' and new_horizon > date '0001-01-01'
  ),

  calendar as (
    select days.day
    from {{ days_of_spans("(select min(first_day) as first_day, max(end_day) as last_day from spans)", "days") }}
  )

  select distinct calendar.day
  from calendar
  inner join spans on calendar.day >= spans.first_day and calendar.day < spans.end_day
{%- endmacro %}
