-- One row per month, store and product sold, for the months in which the run touches a day.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
with

sold as (
    select
        {{ month_of("business_date") }} as month_date,
        tenant_id,
        store_id,
        product_id,
        min(product_name) as product_name,
        min(category) as category,
        min(brand) as brand,
        min(region) as region,
        min(city) as city,
        count(distinct {{
            joined_key(["cast(business_date as varchar)", "transaction_id"])
        }}) as transaction_count,
        sum(quantity) as units,
        sum(net_amount) as net_amount
    from {{ ref("silver_retail_sales") }}
    where {{ in_touched_months("business_date", retail_touched_days()) }}
    group by {{ month_of("business_date") }}, tenant_id, store_id, product_id
)

select
    month_date,
    tenant_id,
    store_id,
    product_id,
    product_name,
    category,
    brand,
    region,
    city,
    transaction_count,
    units,
    net_amount,
    cast(net_amount as double) / nullif(
        cast(sum(net_amount) over (partition by month_date, tenant_id, store_id) as double), 0
    ) as store_share,
    rank() over (
        partition by month_date, tenant_id, store_id, category
        order by net_amount desc
    ) as category_rank
from sold
