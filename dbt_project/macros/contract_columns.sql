{#- The columns of the model being built, as its YAML lists them (a test holds that to the contract), each of `alias`. -#}
{% macro contract_columns(alias) -%}
  {%- for name in model.columns %}{{ alias }}.{{ name }}{{ ", " if not loop.last }}{% endfor -%}
{%- endmacro %}
