-- One row per load.
select
    load_id,
    cast(loaded_at as date) as loaded_on,
    loaded_at,
    source,
    target_table,
    tenant_id,
    bytes,
    rows_read,
    rows_loaded,
    rows_quarantined
from {{ source("bronze", "loads") }}
