-- Receipts, events and documents straight from the sample files: the rows that are valid, each in its latest version.
create function known(source) as (source is not null and source <> '');

create table places as
select distinct on (tenant_id, barangay_code) tenant_id as tenant, barangay_code as code, barangay, city, province, region
from (
    select *, row_number() over () as row_id
    from read_json(getvariable('retail_locations'), format = 'newline_delimited', ignore_errors = true, filename = true, columns = {tenant_id: varchar, barangay_code: varchar, changed_at: varchar, barangay: varchar, city: varchar, province: varchar, region: varchar})
) where known(tenant_id) and known(barangay_code) and try_cast(changed_at as timestamptz) is not null
order by tenant_id, barangay_code, filename desc, row_id desc;

create table stores as
select distinct on (tenant_id, store_id) tenant_id as tenant, store_id as store, store_name as name, store_type as type, barangay_code as code
from (
    select *, row_number() over () as row_id
    from read_json(getvariable('retail_stores'), format = 'newline_delimited', ignore_errors = true, filename = true, columns = {tenant_id: varchar, store_id: varchar, changed_at: varchar, store_name: varchar, store_type: varchar, barangay_code: varchar, opened_date: varchar})
) where known(tenant_id) and known(store_id) and try_cast(changed_at as timestamptz) is not null
order by tenant_id, store_id, changed_at desc, filename desc, row_id desc;

create table products as
select distinct on (tenant_id, product_id) tenant_id as tenant, product_id as product, product_name as name, category, brand
from (
    select *, row_number() over () as row_id
    from read_csv(getvariable('retail_products'), all_varchar = true, header = true, ignore_errors = true, null_padding = false, strict_mode = true, filename = true)
) where known(tenant_id) and known(product_id) and try_cast(changed_at as timestamptz) is not null and try_cast(list_price as double) is not null
order by tenant_id, product_id, changed_at desc, filename desc, row_id desc;

create table lines as
select
    line.tenant_id as tenant, line.store_id as store, stores.name as store_name, stores.type, places.region, places.province, places.city, places.barangay,
    left(sold_at, 10)::date as day, substr(sold_at, 12, 2)::int as hour,
    line.store_id || '/' || transaction_id as receipt, line.product_id as product, sold.name as product_name, sold.category, sold.brand,
    line.product_id <> coalesce(requested_product_id, line.product_id) as substituted,
    case when requested_product_id is null then sold.brand else asked.brand end as asked_brand,
    coalesce(asked.brand <> sold.brand, false) as switched,
    nullif(customer_id, '') as customer, payment_method as payment,
    line.quantity::double as units, line.quantity::double * unit_price::double as gross, discount_amount::double as discount, gross - discount as paid
from (
    select * from (
        select *, row_number() over () as row_id
        from read_csv(getvariable('retail_pos'), all_varchar = true, header = true, ignore_errors = true, null_padding = false, strict_mode = true, filename = true)
    )
    where known(tenant_id) and known(transaction_id) and try_cast(quantity as double) is not null and try_cast(sold_at as timestamptz) is not null
    qualify row_number() over (partition by tenant_id, store_id, left(sold_at, 10), transaction_id, line_id order by filename desc, row_id desc) = 1
) as line
join stores on stores.tenant = line.tenant_id and stores.store = line.store_id
join products as sold on sold.tenant = line.tenant_id and sold.product = line.product_id
left join products as asked on asked.tenant = line.tenant_id and asked.product = line.requested_product_id
left join places on places.tenant = stores.tenant and places.code = stores.code
where line.quantity::double > 0;

create table events as
select tenant_id as tenant, event_id, store_id as store, event_type as type, device_kind as device, amount, left(event_time, 10)::date as day
from (
    select *, row_number() over () as row_id
    from read_json(getvariable('retail_events'), format = 'newline_delimited', ignore_errors = true, filename = true, columns = {tenant_id: varchar, event_id: varchar, event_time: varchar, device_kind: varchar, event_type: varchar, store_id: varchar, product_id: varchar, customer_id: varchar, amount: double})
) where known(tenant_id) and known(event_id) and try_cast(event_time as timestamptz) is not null
qualify row_number() over (partition by tenant_id, event_id, left(event_time, 10) order by filename desc, row_id desc) = 1;

create table documents as
select tenant_id as tenant, document_id, store_id as store, document_type as type, supplier, total_amount as amount, left(issued_at, 10)::date as day
from (
    select *, row_number() over () as row_id
    from read_json(getvariable('retail_documents'), format = 'newline_delimited', ignore_errors = true, filename = true, columns = {tenant_id: varchar, document_id: varchar, issued_at: varchar, document_type: varchar, store_id: varchar, supplier: varchar, total_amount: double, content: varchar})
) where known(tenant_id) and known(document_id) and try_cast(issued_at as timestamptz) is not null
qualify row_number() over (partition by tenant_id, document_id, left(issued_at, 10) order by filename desc, row_id desc) = 1;

create table baskets as
select tenant, receipt, day, any_value(store_name) as store_name, any_value(region) as region, any_value(type) as type, any_value(city) as city, any_value(payment) as payment, min(hour) as hour, sum(paid) as paid,
    count(distinct product) as products, max(customer) as customer
from lines group by tenant, receipt, day;
