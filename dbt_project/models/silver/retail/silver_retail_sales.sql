-- One row per line of a receipt, on the days that the run touches.
-- It reads {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
with

valid as (
    select
        *,
        coalesce(requested_product_id, product_id) as asked_product_id,
        case
            when requested_product_id is null or requested_product_id = product_id then brand
            else other_brand
        end as requested_brand
    from {{ remembered("retail_lines") }} as receipt_lines
    where reason is null
)

select
    business_date,
    business_hour,
    sold_at,
    tenant_id,
    store_id,
    store_name,
    store_type,
    region,
    province,
    city,
    barangay,
    transaction_id,
    line_id,
    product_id,
    product_name,
    category,
    brand,
    asked_product_id as requested_product_id,
    requested_brand,
    asked_product_id <> product_id as is_substituted,
    asked_product_id <> product_id and coalesce(requested_brand <> brand, false) as is_brand_switch,
    quantity,
    gross_amount,
    discount_amount,
    net_amount,
    payment_method,
    customer_id,
    record_key,
    load_id,
    loaded_at
from valid
