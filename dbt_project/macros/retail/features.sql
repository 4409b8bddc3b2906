{#- Feature tables: rows of a day are made from the business days before it, at most so many as macro retail_lookback()
    says. Each day's figures are carried to the days that may look back on them, with their age in days. -#}

{% macro retail_lookback() -%} {{ return(28) }} {%- endmacro %}

{#- From-clause item: the ages, in days, that a figure may have (column age_days). -#}
{% macro retail_ages() -%}
  (
    {%- for age in range(1, retail_lookback() + 1) %}
    {{ "union all " if not loop.first }}select {{ age }} as age_days
    {%- endfor %}
  )
{%- endmacro %}

{#- Days of features that the run may make otherwise: those that look back on a touched day, and those that the data did
    not reach before. -#}
{% macro retail_feature_days() -%} {{ return(remembered_days("retail_feature_days")) }} {%- endmacro %}
{% macro retail_feature_days_query() -%}
  select days.day
  from {{ days_of_spans(_retail_feature_spans(), "days") }}
{%- endmacro %}
{% macro _retail_feature_spans() -%}
  (
    select
      {{ next_day("touched.first_day") }} as first_day,
      {{ plus_days("touched.last_day", retail_lookback()) }} as last_day
    from {{ spans_of(retail_touched_days()) }} as touched
    union all
    select
      {{ plus_days("before.last_day", 2) }} as first_day,
      {{ next_day("after.last_day") }} as last_day
    from (
      select max(business_date) as last_day
      from {{ published("gold_retail_daily_store_sales") }}
    ) as before
    cross join (
      select max(business_date) as last_day
      from {{ ref("gold_retail_daily_store_sales") }}
    ) as after
    where after.last_day > before.last_day
  ) as spans
{%- endmacro %}

{#- Predicate: the column, a business date, is one that features of touched months look back on. -#}
{% macro retail_looked_back_on(column) -%}
  {%- set days = retail_feature_days() -%}
  {%- if not is_partial() -%}
    true
  {%- elif not days -%}
    false
  {%- else -%}
    {%- set first = modules.datetime.date.fromisoformat((days | sort | first)[:7] ~ "-01") -%}
    {{ column }} >= date '{{ first - modules.datetime.timedelta(days=retail_lookback()) }}'
  {%- endif -%}
{%- endmacro %}
