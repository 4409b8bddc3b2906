-- One row per day and table.
select
    measured_on,
    table_name,
    layer,
    domain as table_domain,
    row_count,
    bytes,
    files,
    hours_old,
    coalesce(hours_old > hours_allowed, false) as is_late,
    checks_kept,
    checks_broken
from {{ source("semantic", "table_health") }}
