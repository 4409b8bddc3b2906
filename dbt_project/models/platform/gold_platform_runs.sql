-- One row per run.
select
    run_id,
    ran_on,
    job_name,
    source,
    started_by,
    status,
    status = 'FAILURE' as has_failed,
    is_refused,
    waited_s,
    seconds,
    cpu_s
from {{ source("semantic", "run_history") }}
