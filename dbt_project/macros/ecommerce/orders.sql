{#- Orders, their lines and payments: which the run touches, and each once with what it belongs to. Quarantine and the
    tables of what is valid are made from the same records, so that nothing is in both or in neither. -#}

{#- The orders of which anything was reported on a day of the run, or for which another version of their customer or
    of a product holds than before. -#}
{% macro ecommerce_touched_orders_query() -%}
  select tenant_id, order_id
  from {{ source("bronze", "ecommerce_orders") }}
  where {{ in_days("order_date") }}
  union
  select tenant_id, order_id
  from {{ source("bronze", "ecommerce_order_items") }}
  where {{ in_days("line_date") }}
  union
  select tenant_id, order_id
  from {{ source("bronze", "ecommerce_payments") }}
  where {{ in_days("payment_date") }}
  union
  select orders.tenant_id, orders.order_id
  from {{ source("bronze", "ecommerce_orders") }} as orders
  inner join {{ remembered("ecommerce_changed_customers") }} as changed
    on orders.tenant_id = changed.tenant_id and orders.customer_id = changed.customer_id
  where orders.ordered_at >= changed.changed_from
  union
  select orders.tenant_id, orders.order_id
  from {{ source("bronze", "ecommerce_order_items") }} as items
  inner join {{ remembered("ecommerce_changed_products") }} as changed
    on items.tenant_id = changed.tenant_id and items.product_id = changed.product_id
  inner join {{ source("bronze", "ecommerce_orders") }} as orders
    on items.tenant_id = orders.tenant_id and items.order_id = orders.order_id
  where orders.ordered_at >= changed.changed_from
{%- endmacro %}

{#- What the queries here read; a model says so where dbt, which parses it for a run of everything, cannot see it. -#}
{% macro ecommerce_orders_read() -%}
  {%- set read = [ref("silver_ecommerce_customers"), ref("silver_ecommerce_products")] -%}
  {%- for table in ["orders", "order_items", "payments", "customers", "products"] -%}
    {%- do read.append(source("bronze", "ecommerce_" ~ table)) -%}
  {%- endfor -%}
  {{ return(read | join(", ")) }}
{%- endmacro %}

{#- Days on which touched orders were placed, in any copy: all days on which they, their lines and payments are kept. -#}
{% macro ecommerce_touched_order_days() -%} {{ return(remembered_days("ecommerce_order_days")) }} {%- endmacro %}
{% macro ecommerce_order_days_query() -%} {{ _ecommerce_days("ecommerce_orders", "order_date") }} {%- endmacro %}
{% macro ecommerce_item_days_query() -%} {{ _ecommerce_days("ecommerce_order_items", "line_date") }} {%- endmacro %}
{% macro ecommerce_payment_days_query() -%} {{ _ecommerce_days("ecommerce_payments", "payment_date") }} {%- endmacro %}
{% macro _ecommerce_days(table, day) -%}
  {{ days_of_touched(source("bronze", table), day, "ecommerce_touched_orders", ["tenant_id", "order_id"]) }}
{%- endmacro %}

{#- Days under which bronze keeps anything of touched orders. -#}
{% macro ecommerce_touched_record_days() -%}
  {%- set days = remembered_days("ecommerce_order_days") + remembered_days("ecommerce_item_days")
      + remembered_days("ecommerce_payment_days") -%}
  {{ return(days | unique | sort) }}
{%- endmacro %}

{#- From-clause item: all rows of a bronze table on touched orders. -#}
{% macro ecommerce_received(table, day, days) -%}
  {{ return(rows_of_touched(
      source("bronze", table), day, remembered_days(days), "ecommerce_touched_orders", ["tenant_id", "order_id"]
  )) }}
{%- endmacro %}

{#- From-clause item: of those rows, the one of each record that counts. -#}
{% macro ecommerce_latest(table, day, days, order=none) -%}
  {{ latest_copies(ecommerce_received(table, day, days), order=order) }}
{%- endmacro %}

{#- Touched orders with the version of their customer that held when they were placed. -#}
{% macro ecommerce_order_records_query() -%}
  select
    orders.*,
    versions.version_no as customer_version_no,
    versions.country,
    versions.region,
    versions.segment,
    orders.customer_id is null or versions.version_no is not null as is_valid
  from {{ ecommerce_latest(
      "ecommerce_orders", "order_date", "ecommerce_order_days",
      "updated_at desc, " ~ loaded_last()
  ) }} as orders
  left join {{ ref("silver_ecommerce_customers") }} as versions
    on
      orders.tenant_id = versions.tenant_id
      and orders.customer_id = versions.customer_id
      and {{ scd2_held_at("versions", "orders.ordered_at") }}
{%- endmacro %}

{#- Lines of touched orders with their order and the version of their product that held when it was placed. -#}
{% macro ecommerce_item_records_query() -%}
  select
    items.*,
    orders.order_date,
    orders.customer_id,
    orders.country,
    orders.region,
    orders.segment,
    orders.channel,
    orders.currency,
    orders.status = 'CANCELLED' as is_cancelled,
    versions.version_no as product_version_no,
    versions.product_name,
    versions.category,
    versions.unit_cost,
    case
      when orders.is_valid is null then 'ORDER_UNKNOWN'
      when not orders.is_valid then 'ORDER_HELD_BACK'
      when versions.version_no is null then 'PRODUCT_UNKNOWN'
    end as reason
  from {{ ecommerce_latest(
      "ecommerce_order_items", "line_date", "ecommerce_item_days",
      "updated_at desc, " ~ loaded_last()
  ) }} as items
  left join {{ remembered("ecommerce_order_records") }} as orders
    on items.tenant_id = orders.tenant_id and items.order_id = orders.order_id
  left join {{ ref("silver_ecommerce_products") }} as versions
    on
      items.tenant_id = versions.tenant_id
      and items.product_id = versions.product_id
      and {{ scd2_held_at("versions", "orders.ordered_at") }}
{%- endmacro %}

{#- Payments of touched orders with their order. -#}
{% macro ecommerce_payment_records_query() -%}
  select
    payments.*,
    orders.order_date,
    orders.channel,
    orders.currency,
    case
      when orders.is_valid is null then 'ORDER_UNKNOWN'
      when not orders.is_valid then 'ORDER_HELD_BACK'
    end as reason
  from {{ ecommerce_latest("ecommerce_payments", "payment_date", "ecommerce_payment_days") }} as payments
  left join {{ remembered("ecommerce_order_records") }} as orders
    on payments.tenant_id = orders.tenant_id and payments.order_id = orders.order_id
{%- endmacro %}

{#- The end of a model kept by days of orders: what the run does not touch on the days it replaces stays as it is. -#}
{% macro ecommerce_kept_orders(days) -%}
  {%- if is_partial() %}

  union all
  select {{ contract_columns("kept") }}
  from {{ published(this.identifier) }} as kept
  left join {{ remembered("ecommerce_touched_orders") }} as touched
    on kept.tenant_id = touched.tenant_id and kept.order_id = touched.order_id
  where touched.order_id is null and {{ in_days("kept.order_date", days) }}
  {%- endif %}
{%- endmacro %}

{#- Days of gold_product_performance that the run may change: its own, those on which a touched order was placed, and
    from the moment on which a product is another than before, those on which the product is listed. -#}
{% macro ecommerce_touched_performance_days() -%}
  {%- set days = remembered_days("ecommerce_listed_days") + ecommerce_touched_order_days() + var("days") -%}
  {{ return(days | unique | sort) }}
{%- endmacro %}
{% macro ecommerce_listed_days_query() -%}
  select distinct listed.metric_date as day
  from {{ published("gold_product_performance") }} as listed
  inner join {{ remembered("ecommerce_changed_products") }} as changed
    on listed.tenant_id = changed.tenant_id and listed.product_id = changed.product_id
  where listed.metric_date >= {{ business_day("changed.changed_from") }}
{%- endmacro %}
