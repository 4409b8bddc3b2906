-- One row per product and version, in the months in which a version of a product touched by the run begins.
{{ config(replaces="touched", touched="ecommerce_touched_product_days") }}
{%- set days = ecommerce_touched_product_days() %}
{%- set changes = rows_of_touched(
    source("bronze", "ecommerce_products"), "change_date", days,
    "ecommerce_touched_products", ["tenant_id", "product_id"]
) %}
with

versions as (
    {{ scd2_versions(changes ~ " as changes", ["tenant_id", "product_id"], ecommerce_product_attributes()) }}
)

select
    tenant_id,
    product_id,
    version_no,
    valid_from,
    valid_to,
    is_current,
    valid_from_date,
    product_name,
    category,
    brand,
    list_price,
    unit_cost,
    is_active,
    record_key,
    load_id,
    loaded_at
from versions
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ remembered("ecommerce_touched_products") }} as touched
    on kept.tenant_id = touched.tenant_id and kept.product_id = touched.product_id
where touched.product_id is null and {{ in_months("kept.valid_from_date", months_of_days(days)) }}
{%- endif %}
