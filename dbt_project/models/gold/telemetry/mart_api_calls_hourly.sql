-- One row per hour, tenant, endpoint and outcome, for the hours of the run.
select
    hour_start,
    cast(hour_start as date) as call_date,
    tenant_id,
    endpoint,
    outcome,
    count(*) as call_count,
    cast(sum(duration_ms) as bigint) as duration_millis,
    max(duration_ms) as slowest_millis
from (
    select
        date_trunc('hour', called_at) as hour_start,
        tenant_id,
        endpoint,
        outcome,
        duration_ms
    from {{ ref("stg_api_calls") }}
    where {{ in_hours("called_at") }}
) as calls
group by hour_start, tenant_id, endpoint, outcome
