-- One row per barangay, from the change that holds now.
{{ config(replaces="table") }}
with

changes as (
    select
        *,
        row_number() over (
            partition by tenant_id, barangay_code
            order by changed_at desc, loaded_at desc, load_id desc, source_row desc
        ) as change_no
    from {{ source("bronze", "retail_locations") }}
)

select
    tenant_id,
    barangay_code,
    barangay,
    city,
    province,
    region,
    changed_at
from changes
where change_no = 1
