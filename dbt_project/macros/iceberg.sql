{#- Stages a model's rows into the publication under way; nothing is visible before its audit passed.
    Config `replaces`: 'days' (the days of the run), 'touched' (those the macro named by config `touched` returns, as ISO
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
  {{ run_hooks(post_hooks) }}
  {{ return({"relations": [target]}) }}
{% endmaterialization %}
