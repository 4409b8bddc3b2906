{#- Reading values out of text. What differs between engines is dispatched. -#}

{#- A member of a JSON object as text; null where it is missing, empty, an object or a list, or the text is no JSON.
    A number with decimals has the digits that the engine writes: read it as a number. -#}
{% macro json_text(column, key) -%} nullif(trim({{ adapter.dispatch("json_text")(column, key) }}), '') {%- endmacro %}
{% macro duckdb__json_text(column, key) -%}
  case
    when try(json_type({{ column }}, '$.{{ key }}')) not in ('OBJECT', 'ARRAY')
      then json_extract_string({{ column }}, '$.{{ key }}')
  end
{%- endmacro %}
{% macro trino__json_text(column, key) -%} json_extract_scalar({{ column }}, '$.{{ key }}') {%- endmacro %}

{#- Text as a whole number ('72' and '72.0' alike); null where it is none, as '72.5' is. -#}
{% macro as_integer(text) -%}
  {%- set number -%} try_cast({{ text }} as double) {%- endset -%}
  try_cast(case when {{ number }} = floor({{ number }}) then {{ number }} end as integer)
{%- endmacro %}
