-- Of every day of the run, silver holds the lines, units and money of bronze in its latest version,
-- but for deleted lines.
with

source_lines as (
    select
        sale_date,
        tenant_id,
        count(*) as line_count,
        sum(quantity) as units,
        sum(amount) as amount
    from (
        select
            sale_date,
            tenant_id,
            quantity,
            amount,
            is_deleted,
            row_number() over (
                partition by tenant_id, record_key
                order by loaded_at desc, load_id desc, source_row desc
            ) as version_no
        from {{ source("bronze", "sample_sales") }}
        where {{ in_days("sale_date") }}
    ) as versions
    where version_no = 1 and not coalesce(is_deleted, false)
    group by sale_date, tenant_id
),

silver_lines as (
    select
        sale_date,
        tenant_id,
        count(*) as line_count,
        sum(quantity) as units,
        sum(amount) as amount
    from {{ staged(ref("silver_sales")) }}
    group by sale_date, tenant_id
)

select *
from source_lines
full outer join silver_lines using (sale_date, tenant_id)
where
    source_lines.line_count is distinct from silver_lines.line_count
    or source_lines.units is distinct from silver_lines.units
    or source_lines.amount is distinct from silver_lines.amount
