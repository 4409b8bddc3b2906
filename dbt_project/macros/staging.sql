{#- The rows of a model that the publication under way would add: what data tests look at. -#}
{% macro staged(relation) -%}
  {{ return(adapter.dispatch("staged")(relation)) }}
{%- endmacro %}

{% macro duckdb__staged(relation) -%}
  {%- set candidate = api.Relation.create(
      database=relation.database, schema="asklake_staged", identifier=relation.identifier
  ) -%}
  {{ return(candidate if relation.identifier in graph.get("asklake_staged", []) else relation) }}
{%- endmacro %}

{% macro trino__staged(relation) -%}
  {%- for node in graph.get("nodes", {}).values() -%}
    {%- if node["resource_type"] == "model" and node["alias"] == relation.identifier and "asklake_replaced" in node -%}
      {{ return("(select * from " ~ relation ~ " where " ~ node["asklake_replaced"] ~ ")") }}
    {%- endif -%}
  {%- endfor -%}
  {{ return(relation) }}
{%- endmacro %}

{#- A model as readers see it now, whatever the publication under way has staged. -#}
{% macro published(name) -%}
  {{ return(adapter.dispatch("published")(name)) }}
{%- endmacro %}

{% macro duckdb__published(name) -%}
  {{ return(api.Relation.create(database="memory", schema="asklake_published", identifier=name)) }}
{%- endmacro %}

{% macro trino__published(name) -%}
  {%- for identifier, table in var("lake", {}).items() if identifier.split(".")[1] == name -%}
    {{ return(table["published"]) }}
  {%- endfor -%}
  {{ return(name) }}
{%- endmacro %}

{#- dbt calls this for the relation of every generic test. -#}
{% macro get_where_subquery(relation) -%}
  {%- set where = config.get("where") -%}
  {%- set rows = staged(relation) -%}
  {%- if where -%}
    {{ return("(select * from " ~ rows ~ " where " ~ where ~ ") as staged_rows") }}
  {%- endif -%}
  {{ return(rows) }}
{%- endmacro %}
