-- One row per day, tenant, region, category, brand asked for and brand sold, for the whole months in which
-- the run touches a day.
-- Which months these are is found from {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
select
    business_date,
    tenant_id,
    region,
    category,
    requested_brand,
    brand as sold_brand,
    count(*) as line_count,
    count(case when is_substituted then 1 end) as substituted_count,
    count(case when is_brand_switch then 1 end) as switched_count,
    sum(quantity) as units,
    sum(net_amount) as net_amount,
    coalesce(sum(case when is_brand_switch then net_amount end), 0) as switched_amount
from {{ ref("silver_retail_sales") }}
where {{ in_touched_months("business_date", retail_touched_days()) }}
group by business_date, tenant_id, region, category, requested_brand, brand
