{#- A model lives in the schema of its layer, whatever the target: names are the same in every profile. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
