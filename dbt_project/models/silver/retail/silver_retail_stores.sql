-- One row per store, from the change that holds now.
{{ config(replaces="table") }}
with

changes as (
    select
        *,
        row_number() over (
            partition by tenant_id, store_id
            order by changed_at desc, loaded_at desc, load_id desc, source_row desc
        ) as change_no
    from {{ source("bronze", "retail_stores") }}
)

select
    changes.tenant_id,
    changes.store_id,
    changes.store_name,
    changes.store_type,
    changes.opened_date,
    changes.barangay_code,
    places.barangay,
    places.city,
    places.province,
    places.region,
    changes.changed_at
from changes
left join {{ ref("silver_retail_locations") }} as places
    on changes.tenant_id = places.tenant_id and changes.barangay_code = places.barangay_code
where changes.change_no = 1
