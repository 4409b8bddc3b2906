-- One row per user and experiment, in the state the source changed last.
{{ config(replaces="table") }}
select
    parts.assigned_date,
    parts.assigned_at,
    parts.tenant_id,
    parts.experiment_id,
    parts.experiment_name,
    parts.goal,
    parts.variant,
    parts.user_id,
    people.user_segment,
    people.region,
    parts.converted_at is not null as is_converted,
    parts.converted_at,
    {{ hours_of(millis_between("parts.assigned_at", "parts.converted_at")) }} as hours_to_convert,
    parts.record_key,
    parts.load_id,
    parts.loaded_at
from
    {{ latest_copies(
        source("bronze", "experiments"),
        ["tenant_id", "experiment_id", "user_id"],
        "updated_at desc, " ~ loaded_last()
    ) }} as parts
inner join {{ ref("stg_users") }} as people
    on parts.tenant_id = people.tenant_id and parts.user_id = people.user_id
