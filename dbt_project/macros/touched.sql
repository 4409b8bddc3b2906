{#- Reading what a run for some days touches beyond those days, at the cost of the keys and not of the rows. -#}

{#- The days on which a relation has rows of some keys, as ISO dates; only the keys are read.
    `touched` is a relation of the keys. -#}
{% macro days_of_touched(relation, day, touched, key) -%}
  {%- set query -%}
    select distinct rows_.{{ day }} as day
    from {{ relation }} as rows_
    inner join {{ touched }} as touched
      on {% for name in key %}rows_.{{ name }} = touched.{{ name }}{{ " and " if not loop.last }}{% endfor %}
  {%- endset -%}
  {{ return(values_of(query)) }}
{%- endmacro %}

{#- From-clause item: the rows of a relation whose key the run touches; all rows in a run for everything.
    `touched` names what macro remembered() keeps. -#}
{% macro rows_of_touched(relation, day, touched, key) -%}
  {%- if not is_partial() -%}
    {{ return(relation | string) }}
  {%- endif -%}
  {%- set keys = remembered(touched) -%}
  {%- set days = days_of_touched(relation, day, keys, key) -%}
  {%- set rows_ -%}
  (
    select rows_.*
    from {{ relation }} as rows_
    inner join {{ keys }} as touched
      on {% for name in key %}rows_.{{ name }} = touched.{{ name }}{{ " and " if not loop.last }}{% endfor %}
    where {{ in_days("rows_." ~ day, days) }}
  )
  {%- endset -%}
  {{ return(rows_) }}
{%- endmacro %}
