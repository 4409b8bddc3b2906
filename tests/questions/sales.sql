-- Order lines straight from the sample files: the rows that are valid, each in its latest version.
create table lines as
select
    tenant_id as tenant, order_id, line_id, product_name as product, category,
    nullif(customer_id, '') as customer, country, region, city, channel,
    try_cast(read.quantity as double) as quantity,
    try_cast(read.quantity as double) * try_cast(unit_price as double) as amount,
    greatest(amount, 0) as sold,
    greatest(-amount, 0) as returned,
    cast(try_cast(sale_time as timestamptz) at time zone 'UTC' as date) as day
from (
    select *, row_number() over () as row_id
    from read_csv(getvariable('sales_csv'), all_varchar = true, header = true, ignore_errors = true, null_padding = false, strict_mode = true, filename = true)
) as read
where try_cast(read.quantity as double) is not null and day is not null and tenant_id <> '' and order_id <> ''
qualify row_number() over (partition by tenant_id, order_id, line_id order by filename desc, row_id desc) = 1;
