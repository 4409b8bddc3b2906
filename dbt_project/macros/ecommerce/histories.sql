{#- The histories of customers and products: which the run touches, and from when on it changed them. -#}

{% macro ecommerce_customer_attributes() -%}
  {{ return({
    "person_id": "coalesce(person_id, customer_id)", "segment": "segment", "loyalty_tier": "loyalty_tier",
    "country": "country", "region": "region", "city": "city", "marketing_consent": "marketing_consent"
  }) }}
{%- endmacro %}

{% macro ecommerce_product_attributes() -%}
  {{ return(["product_name", "category", "brand", "list_price", "unit_cost", "is_active"]) }}
{%- endmacro %}

{#- The accounts that have a change, in any copy, on a day of the run. -#}
{% macro ecommerce_touched_customers_query() -%}
  select distinct tenant_id, customer_id
  from {{ source("bronze", "ecommerce_customers") }}
  where {{ in_days("change_date") }}
{%- endmacro %}

{% macro ecommerce_touched_products_query() -%}
  select distinct tenant_id, product_id
  from {{ source("bronze", "ecommerce_products") }}
  where {{ in_days("change_date") }}
{%- endmacro %}

{#- Days on which versions of the touched accounts begin, or began before the run: those of their changes. -#}
{% macro ecommerce_touched_customer_days() -%} {{ return(remembered_days("ecommerce_customer_days")) }} {%- endmacro %}
{% macro ecommerce_customer_days_query() -%}
  {{ days_of_touched(
      source("bronze", "ecommerce_customers"), "change_date", "ecommerce_touched_customers", ["tenant_id", "customer_id"]
  ) }}
{%- endmacro %}

{% macro ecommerce_touched_product_days() -%} {{ return(remembered_days("ecommerce_product_days")) }} {%- endmacro %}
{% macro ecommerce_product_days_query() -%}
  {{ days_of_touched(
      source("bronze", "ecommerce_products"), "change_date", "ecommerce_touched_products", ["tenant_id", "product_id"]
  ) }}
{%- endmacro %}

{#- The accounts whose history the run changed, and from when on. -#}
{% macro ecommerce_changed_customers_query() -%}
  {%- set key = ["tenant_id", "customer_id"] -%}
  {{ scd2_changed(
      scd2_of_touched(published("silver_ecommerce_customers"), "ecommerce_touched_customers", key),
      scd2_of_touched(ref("silver_ecommerce_customers"), "ecommerce_touched_customers", key),
      key,
      ecommerce_customer_attributes()
  ) }}
{%- endmacro %}

{% macro ecommerce_changed_products_query() -%}
  {%- set key = ["tenant_id", "product_id"] -%}
  {{ scd2_changed(
      scd2_of_touched(published("silver_ecommerce_products"), "ecommerce_touched_products", key),
      scd2_of_touched(ref("silver_ecommerce_products"), "ecommerce_touched_products", key),
      key,
      ecommerce_product_attributes()
  ) }}
{%- endmacro %}
