-- One row per line of a receipt that breaks a rule, in the months in which the run touches a day.
-- It reads {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
with

broken as (
    select *
    from {{ remembered("retail_lines") }} as receipt_lines
    where reason is not null
)

select
    business_date,
    tenant_id,
    store_id,
    transaction_id,
    line_id,
    product_id,
    reason,
    net_amount,
    record_key,
    load_id,
    loaded_at
from broken
{{ retail_kept("business_date") }}
