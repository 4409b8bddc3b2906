{#- Stages a model's rows into the publication under way; nothing is visible before its audit passed.
    Config `replaces`: 'days' (the days of the run), 'touched' (the partitions `touched_sql` names) or 'table'. -#}
{% materialization iceberg, adapter="duckdb", supported_languages=["sql"] %}
  {%- set target = this.incorporate(type="view") -%}
  {%- set touched_sql = config.get("touched_sql") -%}
  {{ run_hooks(pre_hooks) }}
  {%- set touched = [] -%}
  {%- if touched_sql -%}
    {%- for value in run_query(touched_sql).columns[0].values() -%}
      {%- do touched.append(value | string) -%}
    {%- endfor -%}
  {%- endif -%}
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
  {{ run_hooks(post_hooks) }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}
