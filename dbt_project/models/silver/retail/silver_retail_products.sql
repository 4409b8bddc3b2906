-- One row per product, from the change that holds now.
{{ config(replaces="table") }}
with

changes as (
    select
        *,
        row_number() over (
            partition by tenant_id, product_id
            order by changed_at desc, loaded_at desc, load_id desc, source_row desc
        ) as change_no
    from {{ source("bronze", "retail_products") }}
)

select
    tenant_id,
    product_id,
    product_name,
    category,
    brand,
    package_size,
    list_price,
    changed_at
from changes
where change_no = 1
