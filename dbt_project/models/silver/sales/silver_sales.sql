-- One row per order line, in its latest version, for the days of the run.
with

received as (
    select *
    from {{ source("bronze", "sample_sales") }}
    where {{ in_days("sale_date") }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by record_key
            order by loaded_at desc, load_id desc, source_row desc
        ) as version_no
    from received
)

select
    sale_date,
    sale_time,
    tenant_id,
    order_id,
    line_id,
    product_id,
    product_name,
    category,
    customer_id,
    country,
    region,
    city,
    channel,
    quantity,
    unit_price,
    amount,
    currency,
    record_key,
    load_id,
    source,
    loaded_at,
    quantity < 0 as is_return
from ranked
where version_no = 1
