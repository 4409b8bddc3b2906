{#- Stages a model's rows into the publication under way; nothing is visible before its audit passed.
    Config `replaces`: 'days' (the days of the run, or its hours), 'touched' (those the macro named by config `touched` returns, as ISO
    dates) or 'table'. A run that names no days replaces whole tables. -#}
{% materialization iceberg, adapter="duckdb", supported_languages=["sql"] %}
  {%- set target = this.incorporate(type="view") -%}
  {%- set touched = context[config.get("touched")]() if config.get("touched") else [] -%}
  {{ run_hooks(pre_hooks) }}
  {% call statement("main") -%} select 1 {%- endcall %}
  {% do adapter.commit() %}
  {% do adapter.store_relation(
      "lakehouse",
      target,
      [],
      "",
      "parquet",
      {"sql": compiled_code, "replaces": config.get("replaces", "days"), "touched": touched}
  ) %}
  {%- do graph.setdefault("asklake_staged", []).append(this.identifier) -%}
  {{ run_hooks(post_hooks) }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}

{#- The same on Trino: the rows take the place of others on the branch of the publication. What of them is new is noted
    in the graph, where tests (staged) and the publication find it. Variable `lake` has the partitions, types and
    published rows of the tables. -#}
{% materialization iceberg, adapter="trino", supported_languages=["sql"] %}
  {%- set target = this.incorporate(type="table") -%}
  {%- set touched = context[config.get("touched")]() if config.get("touched") else [] -%}
  {%- set table = var("lake")[this.schema ~ "." ~ this.identifier] -%}
  {%- set replaced = _replaced_rows(table, config.get("replaces", "days"), touched) -%}
  {{ run_hooks(pre_hooks) }}
  {% call statement("replaced") -%} delete from {{ target }} where {{ replaced }} {%- endcall %}
  {% call statement("main") -%}
    insert into {{ target }} (
      {%- for name in table["types"] %}{{ adapter.quote(name) }}{{ ", " if not loop.last }}{% endfor -%}
    )
    select
      {%- for name, kind in table["types"].items() %}
      cast({{ adapter.quote(name) }} as {{ kind }}){{ "," if not loop.last }}
      {%- endfor %}
    from (
    {{ compiled_code }}
    ) as made
  {%- endcall %}
  {%- do graph["nodes"][model["unique_id"]].update({
      "asklake_replaced": replaced,
      "asklake_touched": touched,
      "asklake_rows": load_result("main")["response"].rows_affected,
  }) -%}
  {{ run_hooks(post_hooks) }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}

{% macro _replaced_rows(table, replaces, touched) -%}
  {%- if replaces == "table" or not is_partial() -%}
    {{ return("true") }}
  {%- endif -%}
  {%- if table["period"] == "hour" -%}
    {{ return(in_hours(table["partition"], touched if replaces == "touched" else none)) }}
  {%- endif -%}
  {%- set days = var("days") if replaces == "days" else touched -%}
  {%- if table["period"] == "day" -%}
    {{ return(in_days(table["partition"], days)) }}
  {%- endif -%}
  {%- set months = [] -%}
  {%- for day in days -%}
    {%- do months.append((day | string)[:7] ~ "-01") -%}
  {%- endfor -%}
  {{ return(in_months(table["partition"], months | unique | list)) }}
{%- endmacro %}
