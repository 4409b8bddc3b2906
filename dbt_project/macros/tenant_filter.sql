{#- Predicate: the row belongs to the tenant of variable `tenant_id`, or that variable is not set. -#}
{% macro tenant_filter(column="tenant_id") -%}
  {%- set tenant = var("tenant_id", none) -%}
  {%- if tenant is none -%}
    true
  {%- else -%}
    {{ column }} = '{{ tenant | string | replace("'", "''") }}'
  {%- endif -%}
{%- endmacro %}
