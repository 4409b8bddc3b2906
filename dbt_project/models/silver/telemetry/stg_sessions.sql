-- One row per session, in its latest version, for the days of the run.
with

copies as (
    select
        *,
        row_number() over (
            partition by record_key
            order by loaded_at desc, load_id desc, source_row desc
        ) as copy_no
    from {{ source("bronze", "sessions") }}
    where {{ in_days("session_date") }}
)

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
from copies
where copy_no = 1
