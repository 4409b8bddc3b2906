-- One row per day, tenant, endpoint and outcome, added up from the hours of the whole months of the run.
select
    call_date,
    tenant_id,
    endpoint,
    outcome,
    cast(sum(call_count) as bigint) as call_count,
    cast(sum(duration_millis) as bigint) as duration_millis,
    max(slowest_millis) as slowest_millis
from {{ ref("mart_api_calls_hourly") }}
{%- if is_partial() %}
where {{ in_months("call_date", months_of_run()) }}
{%- endif %}
group by call_date, tenant_id, endpoint, outcome
