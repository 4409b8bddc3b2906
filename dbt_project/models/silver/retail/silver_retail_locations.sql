-- One row per barangay, from the change that holds now.
{{ config(replaces="table") }}
select
    tenant_id,
    barangay_code,
    barangay,
    city,
    province,
    region,
    changed_at
from
    {{ latest_copies(
        source("bronze", "retail_locations"), ["tenant_id", "barangay_code"], "changed_at desc, " ~ loaded_last()
    ) }} as latest
