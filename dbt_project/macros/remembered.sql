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

{#- Trino has no temporary tables: they lie on the branch of the publication, which drops them before it is merged. -#}
{% macro trino__remembered(name) -%}
  {%- set table = api.Relation.create(database=model.database, schema="asklake_run", identifier=name) -%}
  {%- if name not in graph.setdefault("asklake_remembered", []) -%}
    {%- set query = context[name ~ "_query"]() -%}
    {%- do run_query("create schema if not exists " ~ table.without_identifier()) -%}
    {%- do run_query("create table " ~ table ~ " as " ~ query) -%}
    {%- do graph["asklake_remembered"].append(name) -%}
  {%- endif -%}
  {{ return(table | string) }}
{%- endmacro %}
