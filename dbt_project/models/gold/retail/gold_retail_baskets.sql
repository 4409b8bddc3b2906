-- One row per receipt, for the whole months in which the run touches a day.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
with

receipts as (
    select
        business_date,
        tenant_id,
        store_id,
        transaction_id,
        min(business_hour) as business_hour,
        min(sold_at) as sold_at,
        min(store_name) as store_name,
        min(store_type) as store_type,
        min(region) as region,
        min(province) as province,
        min(city) as city,
        min(barangay) as barangay,
        min(customer_id) as customer_id,
        min(payment_method) as payment_method,
        count(*) as line_count,
        count(distinct product_id) as product_count,
        count(distinct category) as category_count,
        sum(quantity) as units,
        sum(net_amount) as net_amount,
        count(case when is_substituted then 1 end) as substituted_count
    from {{ ref("silver_retail_sales") }}
    where {{ in_touched_months("business_date", retail_touched_days()) }}
    group by business_date, tenant_id, store_id, transaction_id
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
    customer_id,
    payment_method,
    line_count,
    product_count,
    category_count,
    units,
    net_amount,
    case
        when product_count = 1 then 'SINGLE'
        when product_count <= 3 then 'SMALL'
        else 'LARGE'
    end as basket_size,
    substituted_count > 0 as has_substitution
from receipts
