-- One row per product, from the change that holds now.
{{ config(replaces="table") }}
select
    tenant_id,
    product_id,
    product_name,
    category,
    brand,
    package_size,
    list_price,
    changed_at
from
    {{ latest_copies(
        source("bronze", "retail_products"), ["tenant_id", "product_id"], "changed_at desc, " ~ loaded_last()
    ) }} as latest
