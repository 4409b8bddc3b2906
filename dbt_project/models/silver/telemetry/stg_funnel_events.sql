-- One row per user, funnel and step, in its latest version.
{{ config(replaces="table") }}
with

copies as (
    select
        *,
        row_number() over (
            partition by tenant_id, funnel_type, user_id, step_order
            order by loaded_at desc, load_id desc, source_row desc
        ) as copy_no
    from {{ source("bronze", "funnel_events") }}
)

select
    steps.step_date,
    steps.reached_at,
    steps.tenant_id,
    steps.user_id,
    people.user_segment,
    people.region,
    steps.funnel_type,
    steps.funnel_step,
    steps.step_order,
    steps.record_key,
    steps.load_id,
    steps.loaded_at
from copies as steps
inner join {{ ref("stg_users") }} as people
    on steps.tenant_id = people.tenant_id and steps.user_id = people.user_id
where steps.copy_no = 1
