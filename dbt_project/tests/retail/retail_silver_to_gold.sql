-- Of every month the run touched, silver and each gold table hold the same units and money, day by day.
-- Which months these are is found from {{ retail_read() }}.
with

silver_days as (
    select
        business_date,
        tenant_id,
        count(distinct {{ joined_key(["store_id", "transaction_id"]) }}) as transaction_count,
        sum(quantity) as units,
        sum(net_amount) as net_amount
    from {{ ref("silver_retail_sales") }}
    where {{ in_touched_months("business_date", retail_touched_days()) }}
    group by business_date, tenant_id
),

gold_days as (
    select
        business_date,
        tenant_id,
        sum(case when source_no = 1 then transaction_count end) as transaction_count,
        sum(case when source_no = 1 then units end) as units,
        sum(case when source_no = 1 then net_amount end) as net_amount,
        sum(case when source_no = 2 then transaction_count end) as basket_count,
        sum(case when source_no = 2 then net_amount end) as basket_amount,
        sum(case when source_no = 3 then net_amount end) as hourly_amount,
        sum(case when source_no = 4 then net_amount end) as brand_amount
    from (
        select
            1 as source_no,
            business_date,
            tenant_id,
            transaction_count,
            units,
            net_amount
        from {{ staged(ref("gold_retail_daily_store_sales")) }}
        where line_count > 0
        union all
        select
            2 as source_no,
            business_date,
            tenant_id,
            1 as transaction_count,
            units,
            net_amount
        from {{ staged(ref("gold_retail_baskets")) }}
        union all
        select
            3 as source_no,
            business_date,
            tenant_id,
            transaction_count,
            units,
            net_amount
        from {{ staged(ref("gold_retail_hourly_demand")) }}
        where transaction_count > 0
        union all
        select
            4 as source_no,
            business_date,
            tenant_id,
            line_count as transaction_count,
            units,
            net_amount
        from {{ staged(ref("gold_retail_brand_substitution")) }}
    ) as parts
    group by business_date, tenant_id
)

select *
from silver_days
full outer join gold_days using (business_date, tenant_id)
where
    silver_days.transaction_count is distinct from gold_days.transaction_count
    or silver_days.transaction_count is distinct from gold_days.basket_count
    or silver_days.units is distinct from gold_days.units
    or silver_days.net_amount is distinct from gold_days.net_amount
    or silver_days.net_amount is distinct from gold_days.basket_amount
    or silver_days.net_amount is distinct from gold_days.hourly_amount
    or silver_days.net_amount is distinct from gold_days.brand_amount
