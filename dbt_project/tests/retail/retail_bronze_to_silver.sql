-- On every day the run touched, each line of bronze is in silver or rejected, and none in both.
-- It reads {{ retail_read() }} after {{ ref("silver_retail_sales") }}.
with

received as (
    select *
    from {{ retail_latest("retail_pos_transactions", "business_date") }} as latest
),

accounted as (
    select
        record_key,
        count(*) as places
    from (
        select record_key
        from {{ ref("silver_retail_sales") }}
        union all
        select record_key
        from {{ ref("silver_retail_rejected") }}
    ) as kept
    group by record_key
)

select
    received.record_key,
    accounted.places
from received
left join accounted
    on received.record_key = accounted.record_key
where accounted.places is distinct from 1
