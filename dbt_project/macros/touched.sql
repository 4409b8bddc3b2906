{#- Reading what a run for some days touches beyond those days: first, from the keys alone, on which days it lies, then the
    rows of those days. The days are found once a run, by a query that macro remembered() keeps. -#}

{#- Query for the days on which a relation has rows of some keys; `touched` names what remembered() keeps of the keys. -#}
{% macro days_of_touched(relation, day, touched, key) -%}
  select distinct rows_.{{ day }} as day
  from {{ relation }} as rows_
  inner join {{ remembered(touched) }} as touched
    on {% for name in key %}rows_.{{ name }} = touched.{{ name }}{{ " and " if not loop.last }}{% endfor %}
{%- endmacro %}

{#- From-clause item: the rows of a relation, on some days, whose key the run touches; all rows in a run for everything.
    `touched` names what remembered() keeps of the keys. -#}
{% macro rows_of_touched(relation, day, days, touched, key) -%}
  {%- if not is_partial() -%}
    {{ return(relation | string) }}
  {%- endif -%}
  {%- set rows_ -%}
  (
    select rows_.*
    from {{ relation }} as rows_
    inner join {{ remembered(touched) }} as touched
      on {% for name in key %}rows_.{{ name }} = touched.{{ name }}{{ " and " if not loop.last }}{% endfor %}
    where {{ in_days("rows_." ~ day, days) }}
  )
  {%- endset -%}
  {{ return(rows_) }}
{%- endmacro %}

{#- Predicate: the column, a date, lies in a month that has one of the days; true in a run for everything. -#}
{% macro in_touched_months(column, days) -%}
  {{ in_months(column, months_of_days(days)) if is_partial() else "true" }}
{%- endmacro %}

{#- Predicate: the column, a date, is one of the days; true in a run for everything. -#}
{% macro in_touched_days(column, days) -%}
  {{ in_days(column, days) if is_partial() else "true" }}
{%- endmacro %}
