{#- Dates, times and the days of the run. What differs between engines is dispatched. -#}

{#- Whether the run is for some days only; otherwise it makes everything anew. -#}
{% macro is_partial() -%}
  {{ return(var("days", []) | length > 0) }}
{%- endmacro %}

{#- Predicate: the column, a date, is one of the days; by default those of the run (all, if it names none). -#}
{% macro in_days(column, days=none) -%}
  {%- if days is none and not is_partial() -%}
    true
  {%- else -%}
    {%- set spans = day_spans(var("days") if days is none else days) -%}
    {{ _in_spans(column, spans) }}
  {%- endif -%}
{%- endmacro %}

{#- Predicate: the column, a time in UTC, lies in one of the hours of the run; in a run for some days, on one of these. -#}
{% macro in_hours(column, hours=none) -%}
  {%- if hours is none and not is_partial() -%}
    true
  {%- else -%}
    {{ _in_hour_spans(column, hour_spans(hours_of_run() if hours is none else hours)) }}
  {%- endif -%}
{%- endmacro %}

{#- The hours of the run, as ISO times in UTC; of a run for some days all of theirs. -#}
{% macro hours_of_run() -%}
  {%- set hours = var("hours", []) -%}
  {{ return(hours if hours else hours_of_days(var("days", []))) }}
{%- endmacro %}

{#- The hours of some days, given as ISO dates. -#}
{% macro hours_of_days(days) -%}
  {%- set hours = [] -%}
  {%- for day in days -%}
    {%- for hour in range(24) -%} {%- do hours.append("%sT%02d:00" | format(day, hour)) -%} {%- endfor -%}
  {%- endfor -%}
  {{ return(hours) }}
{%- endmacro %}

{#- The half-open spans [begin, end) of consecutive hours that make up a list of ISO times. -#}
{% macro hour_spans(hours) -%}
  {%- set spans = [] -%}
  {%- for text in hours | sort -%}
    {%- set begin = modules.datetime.datetime.fromisoformat(text) -%}
    {%- set end = begin + modules.datetime.timedelta(hours=1) -%}
    {%- if spans and spans[-1][1] >= begin -%}
      {%- do spans.append([spans.pop()[0], end]) -%}
    {%- else -%}
      {%- do spans.append([begin, end]) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(spans) }}
{%- endmacro %}

{#- The outer bounds come first, as in _in_spans. -#}
{% macro _in_hour_spans(column, spans) -%}
  {%- if not spans -%}
    false
  {%- else -%}
    {{ column }} >= timestamp '{{ spans[0][0] }}' and {{ column }} < timestamp '{{ spans[-1][1] }}'
    {%- if spans | length > 1 %} and (
      {%- for begin, end in spans -%}
        {{ " or " if not loop.first -}}
        ({{ column }} >= timestamp '{{ begin }}' and {{ column }} < timestamp '{{ end }}')
      {%- endfor -%}
    )
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{#- Predicate: the column, a date, lies in one of the months, each given by its first day. -#}
{% macro in_months(column, months) -%}
  {%- set spans = [] -%}
  {%- for month in months | sort -%}
    {%- set first = modules.datetime.date.fromisoformat(month) -%}
    {%- set last = (first.replace(day=28) + modules.datetime.timedelta(days=4)).replace(day=1)
        - modules.datetime.timedelta(days=1) -%}
    {%- do spans.append([first, last]) -%}
  {%- endfor -%}
  {{ _in_spans(column, _joined(spans)) }}
{%- endmacro %}

{#- The months, by their first day, in which the days of the run lie. -#}
{% macro months_of_run() -%} {{ return(months_of_days(var("days", []))) }} {%- endmacro %}

{#- The months, by their first day, in which some days, given as ISO dates, lie. -#}
{% macro months_of_days(days) -%}
  {%- set months = [] -%}
  {%- for day in days -%}
    {%- do months.append(day[:7] ~ "-01") -%}
  {%- endfor -%}
  {{ return(months | unique | sort) }}
{%- endmacro %}

{#- The spans [first, last] of consecutive days that make up a list of ISO dates. -#}
{% macro day_spans(days) -%}
  {%- set spans = [] -%}
  {%- for text in days | sort -%}
    {%- set day = modules.datetime.date.fromisoformat(text) -%}
    {%- do spans.append([day, day]) -%}
  {%- endfor -%}
  {{ return(_joined(spans)) }}
{%- endmacro %}

{#- From-clause item: the spans (columns first_day, last_day) of consecutive days that make up a list of ISO dates. -#}
{% macro spans_of(days) -%}
  (
    {%- for first, last in day_spans(days) %}
    {{ "union all" if not loop.first }}
    select date '{{ first }}' as first_day, date '{{ last }}' as last_day
    {%- endfor %}
  )
{%- endmacro %}

{% macro _joined(spans) -%}
  {%- set joined = [] -%}
  {%- for first, last in spans -%}
    {%- if joined and (first - joined[-1][1]).days <= 1 -%}
      {%- do joined.append([joined.pop()[0], last]) -%}
    {%- else -%}
      {%- do joined.append([first, last]) -%}
    {%- endif -%}
  {%- endfor -%}
  {{ return(joined) }}
{%- endmacro %}

{#- The outer bounds come first: engines prune files by them, whatever they make of the alternatives. -#}
{% macro _in_spans(column, spans) -%}
  {%- if not spans -%}
    false
  {%- else -%}
    {{ column }} >= date '{{ spans[0][0] }}' and {{ column }} <= date '{{ spans[-1][1] }}'
    {%- if spans | length > 1 %} and (
      {%- for first, last in spans -%}
        {{ " or " if not loop.first }}{{ column }} between date '{{ first }}' and date '{{ last }}'
      {%- endfor -%}
    )
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{#- First column of a query's result as a list of strings, without nulls; empty while dbt only parses. -#}
{% macro values_of(query) -%}
  {%- set found = [] -%}
  {%- if execute -%}
    {%- for value in run_query(query).columns[0].values() if value is not none -%}
      {%- do found.append(value | string) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(found) }}
{%- endmacro %}

{#- First day of the month of a date. -#}
{% macro month_of(column) -%} cast(date_trunc('month', {{ column }}) as date) {%- endmacro %}

{#- Instant at which a date ends, and the next begins. -#}
{% macro end_of_day(column) -%} ({{ start_of_day(next_day(column)) }}) {%- endmacro %}

{#- The day after a date. -#}
{% macro next_day(column) -%} {{ plus_days(column, 1) }} {%- endmacro %}

{#- A date so many whole days later. -#}
{% macro plus_days(column, days) -%} {{ adapter.dispatch("plus_days")(column, days) }} {%- endmacro %}
{% macro duckdb__plus_days(column, days) -%} ({{ column }} + {{ days }}) {%- endmacro %}
{% macro trino__plus_days(column, days) -%} date_add('day', {{ days }}, {{ column }}) {%- endmacro %}

{#- A timestamp so many whole hours later. -#}
{% macro plus_hours(column, hours) -%} {{ adapter.dispatch("plus_hours")(column, hours) }} {%- endmacro %}
{% macro duckdb__plus_hours(column, hours) -%} ({{ column }} + to_hours({{ hours }})) {%- endmacro %}
{% macro trino__plus_hours(column, hours) -%} date_add('hour', {{ hours }}, {{ column }}) {%- endmacro %}

{#- Whole milliseconds from one timestamp to another: exact, so that sums do not depend on their order. -#}
{% macro millis_between(start, end) -%} {{ adapter.dispatch("millis_between")(start, end) }} {%- endmacro %}
{% macro duckdb__millis_between(start, end) -%} date_sub('millisecond', {{ start }}, {{ end }}) {%- endmacro %}
{% macro trino__millis_between(start, end) -%} date_diff('millisecond', {{ start }}, {{ end }}) {%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(start, end) -%} cast(date_diff('day', {{ start }}, {{ end }}) as integer) {%- endmacro %}

{#- Day of the week of a date from 2001 on, 1 (Monday) to 7 (Sunday). -#}
{% macro weekday_of(column) -%}
  cast(mod({{ days_between("date '2001-01-01'", column) }}, 7) + 1 as integer)
{%- endmacro %}

{#- Milliseconds as hours. -#}
{% macro hours_of(millis) -%} cast({{ millis }} as double) / 3600000 {%- endmacro %}

{#- From-clause item: every day of the spans (columns first_day, last_day) of a relation, as alias.day. -#}
{% macro days_of_spans(relation, alias) -%} {{ adapter.dispatch("days_of_spans")(relation, alias) }} {%- endmacro %}
{% macro duckdb__days_of_spans(relation, alias) -%}
  (
    select distinct cast(series.moment as date) as day
    from {{ relation }}
    cross join unnest(generate_series(first_day, last_day, interval 1 day)) as series (moment)
  ) as {{ alias }}
{%- endmacro %}
{% macro trino__days_of_spans(relation, alias) -%}
  (
    select distinct series.moment as day
    from {{ relation }}
    cross join unnest(sequence(first_day, last_day, interval '1' day)) as series (moment)
    where first_day <= last_day
  ) as {{ alias }}
{%- endmacro %}
