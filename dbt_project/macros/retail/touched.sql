{#- What a run for some days touches beyond those days: days with lines of stores and products that are other than before,
    and the days whose features look back on them. -#}

{#- What the queries here read; a model says so where dbt, which parses it for a run of everything, cannot see it. -#}
{% macro retail_read() -%}
  {%- set read = [ref("silver_retail_stores"), ref("silver_retail_products")] -%}
  {%- for table in ["pos_transactions", "events", "documents", "stores", "products", "locations"] -%}
    {%- do read.append(source("bronze", "retail_" ~ table)) -%}
  {%- endfor -%}
  {{ return(read | join(", ")) }}
{%- endmacro %}

{#- The stores that are described otherwise than before this run, or for the first time. -#}
{% macro retail_changed_stores_query() -%}
  {{ _retail_changed(
      "silver_retail_stores", "store_id", ["store_name", "store_type", "barangay", "city", "province", "region"]
  ) }}
{%- endmacro %}

{#- The products that are described otherwise than before this run, or for the first time. -#}
{% macro retail_changed_products_query() -%}
  {{ _retail_changed("silver_retail_products", "product_id", ["product_name", "category", "brand"]) }}
{%- endmacro %}

{% macro _retail_changed(table, key, attributes) -%}
  {%- set columns = (["tenant_id", key] + attributes) | join(", ") -%}
  select distinct tenant_id, {{ key }}
  from (
    select {{ columns }}
    from {{ ref(table) }}
    except
    select {{ columns }}
    from {{ published(table) }}
  ) as changed
{%- endmacro %}

{#- Days whose sales, events and documents the run may make otherwise: its own, and those that name what it changed. -#}
{% macro retail_touched_days() -%}
  {%- if not is_partial() -%} {{ return([]) }} {%- endif -%}
  {{ return((remembered_days("retail_described_days") + var("days")) | unique | sort) }}
{%- endmacro %}
{% macro retail_described_days_query() -%}
  {%- set of_store = ["tenant_id", "store_id"] -%}
  {%- set pos = source("bronze", "retail_pos_transactions") -%}
  {{ days_of_touched(pos, "business_date", "retail_changed_stores", of_store) }}
  union
  {{ days_of_touched(pos, "business_date", "retail_changed_products", ["tenant_id", "product_id"]) }}
  union
  select rows_.business_date as day
  from {{ pos }} as rows_
  inner join {{ remembered("retail_changed_products") }} as touched
    on rows_.tenant_id = touched.tenant_id and rows_.requested_product_id = touched.product_id
  union
  {{ days_of_touched(source("bronze", "retail_events"), "event_date", "retail_changed_stores", of_store) }}
  union
  {{ days_of_touched(source("bronze", "retail_documents"), "document_date", "retail_changed_stores", of_store) }}
{%- endmacro %}

{#- From-clause item: the rows of a bronze table on touched days, each record once: the copy loaded last. -#}
{% macro retail_latest(table, day) -%}
  {{ latest_copies(source("bronze", table), where=in_touched_days(day, retail_touched_days())) }}
{%- endmacro %}

{#- Lines of receipts on touched days with store and product as now known, and the first rule each breaks. -#}
{% macro retail_lines_query() -%}
  select
    lines.*,
    stores.store_name,
    stores.store_type,
    stores.region,
    stores.province,
    stores.city,
    stores.barangay,
    products.product_name,
    products.category,
    products.brand,
    requested.brand as other_brand,
    case
      when lines.quantity <= 0 then 'NO_QUANTITY'
      when lines.net_amount > cast(lines.gross_amount as decimal(38, 4)) + 0.01 or lines.net_amount < 0 then 'PAID_TOO_MUCH'
      when stores.store_id is null then 'STORE_UNKNOWN'
      when products.product_id is null then 'PRODUCT_UNKNOWN'
    end as reason
  from {{ retail_latest("retail_pos_transactions", "business_date") }} as lines
  left join {{ ref("silver_retail_stores") }} as stores
    on lines.tenant_id = stores.tenant_id and lines.store_id = stores.store_id
  left join {{ ref("silver_retail_products") }} as products
    on lines.tenant_id = products.tenant_id and lines.product_id = products.product_id
  left join {{ ref("silver_retail_products") }} as requested
    on lines.tenant_id = requested.tenant_id and lines.requested_product_id = requested.product_id
{%- endmacro %}

{#- The end of a model kept by months: what lies on days of these months that the run does not touch stays as it is. -#}
{% macro retail_kept(day) -%}
  {%- if is_partial() %}
  {%- set days = retail_touched_days() %}

  union all
  select {{ contract_columns("kept") }}
  from {{ published(this.identifier) }} as kept
  where {{ in_touched_months("kept." ~ day, days) }} and not ({{ in_days("kept." ~ day, days) }})
  {%- endif %}
{%- endmacro %}
