{#- The day and the hour of an instant where the project is: variable `time_zone`, which the platform fills in from
    ASKLAKE_TIME_ZONE. Instants are timestamps in UTC. A clock that is put back shows an hour twice, both of which are
    that hour of that day. In UTC, the usual, the SQL is what it would be without zones. -#}

{#- Time that clocks of the project show at an instant, as a timestamp. -#}
{% macro local_time(instant) -%}
  {%- if var("time_zone") == "UTC" -%} {{ instant }} {%- else -%} {{ adapter.dispatch("local_time")(instant) }} {%- endif -%}
{%- endmacro %}
{% macro duckdb__local_time(instant) -%} timezone({{ _zone() }}, timezone('UTC', {{ instant }})) {%- endmacro %}
{% macro trino__local_time(instant) -%}
  cast(at_timezone(with_timezone({{ instant }}, 'UTC'), {{ _zone() }}) as timestamp(6))
{%- endmacro %}

{#- Date that an instant falls on. -#}
{% macro business_day(instant) -%} cast({{ local_time(instant) }} as date) {%- endmacro %}

{#- Hour of the day, 0 to 23, at an instant. -#}
{% macro local_hour(instant) -%} cast(extract(hour from {{ local_time(instant) }}) as integer) {%- endmacro %}

{#- Instant at which a date begins. -#}
{% macro start_of_day(day) -%} {{ _instant_of(adapter.dispatch("midnight")(day)) }} {%- endmacro %}
{% macro duckdb__midnight(day) -%} cast({{ day }} as timestamp) {%- endmacro %}
{% macro trino__midnight(day) -%} cast({{ day }} as timestamp(6)) {%- endmacro %}

{#- Instant of a midnight, given as a local timestamp. Where the clock showed it twice, engines take the later one, and
    where it skipped it, the moment after; a day begins with the earlier. -#}
{% macro _instant_of(midnight) -%}
  {%- if var("time_zone") == "UTC" -%}
    {{ midnight }}
  {%- else -%}
    {%- set instant = adapter.dispatch("instant_of")(midnight) -%}
    {%- set hour_before = plus_hours(instant, -1) -%}
    case when {{ local_time(hour_before) }} >= {{ midnight }} then {{ hour_before }} else {{ instant }} end
  {%- endif -%}
{%- endmacro %}
{% macro duckdb__instant_of(local) -%} timezone('UTC', timezone({{ _zone() }}, {{ local }})) {%- endmacro %}
{% macro trino__instant_of(local) -%}
  cast(at_timezone(with_timezone({{ local }}, {{ _zone() }}), 'UTC') as timestamp(6))
{%- endmacro %}

{% macro _zone() -%} '{{ var("time_zone") | replace("'", "''") }}' {%- endmacro %}
