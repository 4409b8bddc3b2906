-- One row per store, from the change that holds now.
{{ config(replaces="table") }}
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
from
    {{ latest_copies(
        source("bronze", "retail_stores"), ["tenant_id", "store_id"], "changed_at desc, " ~ loaded_last()
    ) }} as changes
left join {{ ref("silver_retail_locations") }} as places
    on changes.tenant_id = places.tenant_id and changes.barangay_code = places.barangay_code
