-- One row per day of entry, tenant, subscription tier, funnel and step.
{{ config(replaces="table") }}
with

steps as (
    select
        funnel_type,
        step_order,
        min(funnel_step) as funnel_step
    from {{ ref("stg_funnel_events") }}
    group by funnel_type, step_order
),

reached as (
    select
        journeys.entered_date,
        journeys.tenant_id,
        journeys.user_segment,
        journeys.funnel_type,
        steps.funnel_step,
        steps.step_order,
        count(*) as users_entered,
        count(
            case when journeys.furthest_step_order >= steps.step_order - 1 then 1 end
        ) as users_at_previous_step,
        count(case when journeys.furthest_step_order >= steps.step_order then 1 end) as users_at_step
    from {{ ref("int_funnel_conversions") }} as journeys
    inner join steps on journeys.funnel_type = steps.funnel_type
    group by
        journeys.entered_date, journeys.tenant_id, journeys.user_segment, journeys.funnel_type,
        steps.funnel_step, steps.step_order
)

select
    entered_date,
    tenant_id,
    user_segment,
    funnel_type,
    funnel_step,
    step_order,
    users_entered,
    users_at_previous_step,
    users_at_step,
    100.0e0 * users_at_step / users_entered as conversion_rate,
    100.0e0 * (users_at_previous_step - users_at_step) / nullif(users_at_previous_step, 0) as drop_off_rate
from reached
