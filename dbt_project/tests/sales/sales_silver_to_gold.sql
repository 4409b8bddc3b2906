-- Of every month of the run, silver and gold hold the same lines, units and money.
with

silver_months as (
    select
        {{ month_of("sale_date") }} as month_date,
        tenant_id,
        count(*) as line_count,
        sum(quantity) as units,
        sum(amount) as amount
    from {{ ref("silver_sales") }}
    {%- if is_partial() %}
    where {{ in_months("sale_date", months_of_run()) }}
    {%- endif %}
    group by {{ month_of("sale_date") }}, tenant_id
),

gold_months as (
    select
        month_date,
        tenant_id,
        sum(line_count) as line_count,
        sum(units) as units,
        sum(net_amount) as amount
    from {{ staged(ref("gold_sales_monthly")) }}
    group by month_date, tenant_id
)

select *
from silver_months
full outer join gold_months using (month_date, tenant_id)
where
    silver_months.line_count is distinct from gold_months.line_count
    or silver_months.units is distinct from gold_months.units
    or silver_months.amount is distinct from gold_months.amount
