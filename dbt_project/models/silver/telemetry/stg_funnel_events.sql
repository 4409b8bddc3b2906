-- One row per user, funnel and step, in its latest version.
{{ config(replaces="table") }}
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
from
    {{ latest_copies(
        source("bronze", "funnel_events"), ["tenant_id", "funnel_type", "user_id", "step_order"]
    ) }} as steps
inner join {{ ref("stg_users") }} as people
    on steps.tenant_id = people.tenant_id and steps.user_id = people.user_id
