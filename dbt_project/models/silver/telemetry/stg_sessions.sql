-- One row per session, in its latest version, for the days of the run.
select
    session_date,
    session_start,
    session_end,
    tenant_id,
    session_id,
    user_id,
    device,
    app_version,
    record_key,
    load_id,
    loaded_at
from {{ latest_copies(source("bronze", "sessions"), where=in_days("session_date")) }} as latest
