-- One row per call of the API, in its latest version, for the hours of the run.
select
    called_at,
    tenant_id,
    call_id,
    user_id,
    endpoint,
    status,
    case
        when status < 400 then 'success'
        when status < 500 then 'client error'
        else 'server error'
    end as outcome,
    duration_ms,
    record_key,
    load_id,
    loaded_at
from {{ latest_copies(source("bronze", "api_calls"), where=in_hours("called_at")) }} as latest
