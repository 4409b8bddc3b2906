-- One row per refused record: its text, which may hold anything, stays in bronze.
with

settled as (
    select distinct quarantine_id
    from {{ source("bronze", "quarantine_resolutions") }}
)

select
    refused.quarantine_id,
    cast(refused.loaded_at as date) as quarantined_on,
    refused.source,
    refused.target_table,
    refused.column_name,
    refused.cause,
    refused.tenant_id,
    settled.quarantine_id is null as is_open
from {{ source("bronze", "quarantine") }} as refused
left join settled on refused.quarantine_id = settled.quarantine_id
