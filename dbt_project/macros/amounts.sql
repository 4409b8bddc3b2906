{#- Arithmetic with amounts, in types as wide as engines are exact, so that no value of a record is too much for it. -#}

{#- Units times a price, to four decimals. Both engines give a product no more digits than its operands are said to have,
    DuckDB even fewer, and stop the whole run where one needs more. -#}
{% macro money_product(units, price) -%}
  cast(cast({{ units }} as decimal(38, 3)) * {{ price }} as decimal(38, 4))
{%- endmacro %}
