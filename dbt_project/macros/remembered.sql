{#- The result of the query that macro `<name>_query` renders, kept for the rest of the run: made where it is first used.
    A run for everything keeps nothing; there the query stands where its result would. -#}
{% macro remembered(name) -%}
  {%- if execute and is_partial() -%}
    {{ return(adapter.dispatch("remembered")(name)) }}
  {%- endif -%}
  {{ return("(" ~ context[name ~ "_query"]() ~ ")") }}
{%- endmacro %}

{#- dbt's database lives in memory and as long as the run, so a table there is gone with it. -#}
{% macro duckdb__remembered(name) -%}
  {%- set table = "asklake_run." ~ name -%}
  {%- if table not in values_of("select schema_name || '.' || table_name from duckdb_tables()") -%}
    {%- set query = context[name ~ "_query"]() -%}
    {%- do run_query("create schema if not exists asklake_run") -%}
    {%- do run_query("create table " ~ table ~ " as " ~ query) -%}
  {%- endif -%}
  {{ return(table) }}
{%- endmacro %}

{% macro trino__remembered(name) -%}
  {{ return("(" ~ context[name ~ "_query"]() ~ ")") }}
{%- endmacro %}
