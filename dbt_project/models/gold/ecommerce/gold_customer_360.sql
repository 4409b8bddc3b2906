-- One row per customer. Scores compare a customer with all others, so every run makes the whole table.
{{ config(replaces="table") }}
with

accounts as (
    select
        *,
        row_number() over (
            partition by tenant_id, person_id
            order by valid_from desc, customer_id asc
        ) as account_no
    from {{ ref("silver_ecommerce_customers") }}
    where is_current
),

first_known as (
    select
        accounts.tenant_id,
        accounts.person_id,
        min(versions.valid_from_date) as first_known_date,
        cast(count(distinct accounts.customer_id) as integer) as account_count
    from accounts
    inner join {{ ref("silver_ecommerce_customers") }} as versions
        on accounts.tenant_id = versions.tenant_id and accounts.customer_id = versions.customer_id
    group by accounts.tenant_id, accounts.person_id
),

horizons as (
    select
        tenant_id,
        max(last_day) as as_of_date
    from (
        select
            tenant_id,
            max(order_date) as last_day
        from {{ ref("silver_ecommerce_orders") }}
        group by tenant_id
        union all
        select
            tenant_id,
            max(session_date) as last_day
        from {{ ref("silver_ecommerce_sessions") }}
        group by tenant_id
        union all
        select
            tenant_id,
            max(valid_from_date) as last_day
        from {{ ref("silver_ecommerce_customers") }}
        group by tenant_id
    ) as known
    group by tenant_id
),

order_values as (
    select
        tenant_id,
        order_id,
        sum(quantity) as units,
        sum(refund_amount) as refund_amount,
        sum(net_amount - refund_amount) as order_value
    from {{ ref("silver_ecommerce_order_items") }}
    where not is_cancelled
    group by tenant_id, order_id
),

bought as (
    select
        orders.tenant_id,
        accounts.person_id,
        min(case when not orders.is_cancelled then orders.ordered_at end) as first_order_at,
        max(case when not orders.is_cancelled then orders.ordered_at end) as last_order_at,
        count(case when not orders.is_cancelled then 1 end) as order_count,
        count(case when orders.is_cancelled then 1 end) as cancelled_order_count,
        coalesce(sum(order_values.units), 0) as units,
        coalesce(sum(order_values.refund_amount), 0) as refund_amount,
        coalesce(sum(order_values.order_value), 0) as lifetime_value,
        case
            when
                min(case when not orders.is_cancelled then orders.currency end)
                = max(case when not orders.is_cancelled then orders.currency end)
                then min(case when not orders.is_cancelled then orders.currency end)
        end as currency
    from {{ ref("silver_ecommerce_orders") }} as orders
    inner join accounts
        on orders.tenant_id = accounts.tenant_id and orders.customer_id = accounts.customer_id
    left join order_values
        on orders.tenant_id = order_values.tenant_id and orders.order_id = order_values.order_id
    group by orders.tenant_id, accounts.person_id
),

spent as (
    select
        items.tenant_id,
        accounts.person_id,
        items.category,
        sum(items.net_amount - items.refund_amount) as amount
    from {{ ref("silver_ecommerce_order_items") }} as items
    inner join accounts
        on items.tenant_id = accounts.tenant_id and items.customer_id = accounts.customer_id
    where not items.is_cancelled and items.category is not null
    group by items.tenant_id, accounts.person_id, items.category
),

preferred as (
    select
        *,
        row_number() over (partition by tenant_id, person_id order by amount desc, category asc) as place
    from spent
),

visited as (
    select
        sessions.tenant_id,
        accounts.person_id,
        count(*) as session_count,
        sum(sessions.product_views) as product_views,
        max(sessions.started_at) as last_session_at
    from {{ ref("silver_ecommerce_sessions") }} as sessions
    inner join accounts
        on sessions.tenant_id = accounts.tenant_id and sessions.customer_id = accounts.customer_id
    group by sessions.tenant_id, accounts.person_id
),

dated as (
    select
        *,
        {{ business_day("first_order_at") }} as first_order_date,
        {{ business_day("last_order_at") }} as last_order_date
    from bought
),

buyers as (
    select
        bought.tenant_id,
        bought.person_id,
        {{ days_between("bought.last_order_date", "horizons.as_of_date") }} as recency_days,
        case
            when bought.order_count < 3 then 120
            else least(120, greatest(30, cast(floor(
                3.0e0
                * {{ days_between("bought.first_order_date", "bought.last_order_date") }}
                / (bought.order_count - 1)
            ) as integer)))
        end as churn_after_days,
        percent_rank() over (partition by bought.tenant_id order by bought.last_order_date) as recency_rank,
        percent_rank() over (partition by bought.tenant_id order by bought.order_count) as frequency_rank,
        percent_rank() over (partition by bought.tenant_id order by bought.lifetime_value) as monetary_rank
    from dated as bought
    inner join horizons on bought.tenant_id = horizons.tenant_id
    where bought.order_count > 0
),

scored as (
    select
        *,
        cast(least(5, floor(5 * recency_rank) + 1) as integer) as recency_score,
        cast(least(5, floor(5 * frequency_rank) + 1) as integer) as frequency_score,
        cast(least(5, floor(5 * monetary_rank) + 1) as integer) as monetary_score
    from buyers
)

select
    accounts.tenant_id,
    accounts.person_id,
    accounts.customer_id,
    first_known.account_count,
    accounts.segment,
    accounts.loyalty_tier,
    accounts.country,
    accounts.region,
    accounts.city,
    accounts.marketing_consent,
    horizons.as_of_date,
    first_known.first_known_date,
    bought.first_order_at,
    {{ business_day("bought.first_order_at") }} as first_order_date,
    bought.last_order_at,
    coalesce(bought.order_count, 0) as order_count,
    coalesce(bought.cancelled_order_count, 0) as cancelled_order_count,
    coalesce(bought.units, 0) as units,
    coalesce(bought.refund_amount, 0) as refund_amount,
    coalesce(bought.lifetime_value, 0) as lifetime_value,
    cast(bought.lifetime_value as double) / nullif(bought.order_count, 0) as average_order_value,
    bought.currency,
    scored.recency_days,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    case
        when scored.recency_score is null then null
        when
            scored.recency_score >= 4 and scored.frequency_score >= 4 and scored.monetary_score >= 4
            then 'CHAMPION'
        when scored.recency_score >= 3 and bought.order_count >= 2 then 'LOYAL'
        when scored.recency_score >= 4 then 'NEW'
        when scored.recency_score = 3 then 'PROMISING'
        when scored.monetary_score >= 3 then 'AT_RISK'
        else 'LOST'
    end as rfm_segment,
    preferred.category as preferred_category,
    coalesce(visited.session_count, 0) as session_count,
    coalesce(visited.product_views, 0) as product_views,
    visited.last_session_at,
    scored.churn_after_days,
    scored.recency_days > scored.churn_after_days as is_churned
from accounts
inner join first_known
    on accounts.tenant_id = first_known.tenant_id and accounts.person_id = first_known.person_id
inner join horizons
    on accounts.tenant_id = horizons.tenant_id
left join bought
    on accounts.tenant_id = bought.tenant_id and accounts.person_id = bought.person_id
left join preferred
    on
        accounts.tenant_id = preferred.tenant_id
        and accounts.person_id = preferred.person_id
        and preferred.place = 1
left join visited
    on accounts.tenant_id = visited.tenant_id and accounts.person_id = visited.person_id
left join scored
    on accounts.tenant_id = scored.tenant_id and accounts.person_id = scored.person_id
where accounts.account_no = 1
