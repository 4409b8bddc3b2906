-- One row per user and funnel.
{{ config(replaces="table") }}
with

lengths as (
    select
        funnel_type,
        max(step_order) as last_step_order
    from {{ ref("stg_funnel_events") }}
    group by funnel_type
),

journeys as (
    select
        steps.tenant_id,
        steps.user_id,
        steps.funnel_type,
        min(steps.user_segment) as user_segment,
        min(steps.region) as region,
        min(steps.reached_at) as entered_at,
        max(steps.step_order) as furthest_step_order,
        max(lengths.last_step_order) as last_step_order,
        min(
            case when steps.step_order = lengths.last_step_order then steps.reached_at end
        ) as completed_at
    from {{ ref("stg_funnel_events") }} as steps
    inner join lengths on steps.funnel_type = lengths.funnel_type
    group by steps.tenant_id, steps.user_id, steps.funnel_type
)

select
    {{ business_day("entered_at") }} as entered_date,
    entered_at,
    tenant_id,
    user_id,
    user_segment,
    region,
    funnel_type,
    furthest_step_order,
    last_step_order,
    completed_at is not null as is_completed,
    completed_at,
    {{ business_day("completed_at") }} as completed_date,
    {{ hours_of(millis_between("entered_at", "completed_at")) }} as hours_to_complete
from journeys
