-- One row per order line that was not deleted, in its latest version, for the days of the run.
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
from {{ latest_copies(source("bronze", "sample_sales"), where=in_days("sale_date")) }} as latest
where not coalesce(is_deleted, false)
