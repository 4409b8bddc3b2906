-- One row per month, tenant, country, region, city, category, channel and currency, for the whole months in
-- which the days of the run lie.
with

lines as (
    select
        *,
        {{ month_of("sale_date") }} as month_date
    from {{ ref("silver_sales") }}
    {%- if is_partial() %}
    where {{ in_months("sale_date", months_of_run()) }}
    {%- endif %}
)

select
    month_date,
    tenant_id,
    country,
    region,
    city,
    category,
    channel,
    currency,
    count(distinct order_id) as order_count,
    count(*) as line_count,
    sum(quantity) as units,
    sum(case when is_return then 0 else amount end) as gross_amount,
    sum(case when is_return then -amount else 0 end) as return_amount,
    sum(amount) as net_amount,
    count(distinct customer_id) as customer_count
from lines
group by month_date, tenant_id, country, region, city, category, channel, currency
