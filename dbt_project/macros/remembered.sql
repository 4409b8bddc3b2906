{#- The result of the query that macro `<name>_query` renders, kept for the rest of the run: made where it is first used.
    A run for everything keeps nothing; there the query stands where its result would. What is kept is noted in the graph,
    which is each run's own.
    On DuckDB, dbt's database lives in memory and as long as the run, so a table there is gone with it. Trino has no
    temporary tables: they lie on the branch of the publication, which drops them before it is merged. -#}
{% macro remembered(name) -%}
  {%- if not (execute and is_partial()) -%}
    {{ return("(" ~ context[name ~ "_query"]() ~ ")") }}
  {%- endif -%}
  {%- set table = api.Relation.create(database=model.database, schema="asklake_run", identifier=name) -%}
  {%- if name not in graph.setdefault("asklake_remembered", []) -%}
    {%- set query = context[name ~ "_query"]() -%}
    {%- do run_query("create schema if not exists " ~ table.without_identifier()) -%}
    {%- do run_query("create table " ~ table ~ " as " ~ query) -%}
    {%- do graph["asklake_remembered"].append(name) -%}
  {%- endif -%}
  {{ return(table | string) }}
{%- endmacro %}

{#- Days that remembered() keeps under a name, in column `day`, as ISO dates; none in a run for everything. -#}
{% macro remembered_days(name) -%}
  {%- if not (execute and is_partial()) -%} {{ return([]) }} {%- endif -%}
  {%- set known = graph.setdefault("asklake_remembered_days", {}) -%}
  {%- if name not in known -%}
    {%- do known.update({name: values_of("select distinct day from " ~ remembered(name))}) -%}
  {%- endif -%}
  {{ return(known[name]) }}
{%- endmacro %}
