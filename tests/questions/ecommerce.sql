-- Online shops straight from the sample files: records that are valid, each in its latest state, with what they belong
-- to; orders of accounts never reported, and lines of products never reported, are left out.
create macro objects(files) as table
select json, filename, row_number() over () as row_id
from read_csv(files, columns = {'json': 'varchar'}, delim = '', quote = '', escape = '', header = false, auto_detect = false, filename = true)
where json_valid(json);

create macro lines_of(files) as table
select *, row_number() over () as row_id
from read_csv(files, all_varchar = true, header = true, ignore_errors = true, null_padding = false, strict_mode = true, filename = true);

create macro moment(text) as try_cast(text as timestamptz) at time zone 'UTC';

create table accounts as
select
    json ->> 'tenant_id' as tenant, json ->> 'customer_id' as account, moment(json ->> 'changed_at') as since,
    coalesce(json ->> 'person_id', account) as person, json ->> 'segment' as segment, json ->> 'loyalty_tier' as tier,
    json ->> 'country' as country, json ->> 'region' as region, json ->> 'city' as city,
    (json ->> 'marketing_consent')::boolean as consent
from objects(getvariable('ecommerce_customers'))
where tenant is not null and account is not null and since is not null
qualify row_number() over (partition by tenant, account, since order by filename desc, row_id desc) = 1;

create table products as
select
    tenant_id as tenant, product_id as product, moment(changed_at) as since, product_name as name, category, brand,
    try_cast(unit_cost as double) as cost
from lines_of(getvariable('ecommerce_products'))
where tenant is not null and product is not null and since is not null and try_cast(list_price as double) is not null
qualify row_number() over (partition by tenant, product, since order by filename desc, row_id desc) = 1;

create table all_orders as
select
    json ->> 'tenant_id' as tenant, json ->> 'order_id' as id, moment(json ->> 'ordered_at') as ordered,
    json ->> 'customer_id' as account, json ->> 'status' as status, json ->> 'channel' as channel,
    moment(json ->> 'delivered_at') as delivered, try_cast(json ->> 'estimated_delivery_date' as date) as promised,
    coalesce(moment(json ->> 'updated_at'), ordered) as updated
from objects(getvariable('ecommerce_orders'))
where tenant is not null and id is not null and ordered is not null
qualify row_number() over (partition by tenant, id order by updated desc, filename desc, row_id desc) = 1;

-- The state of something that held at a moment: the last by then, or else its first.
create table orders as
select
    o.*, cast(ordered as date) as day, status = 'CANCELLED' as cancelled, a.country, a.region, a.segment,
    date_diff('millisecond', ordered, delivered) / 3600000 as hours, cast(delivered as date) > promised as late
from all_orders as o left join accounts as a on o.tenant = a.tenant and o.account = a.account
where o.account is null or a.account is not null
qualify row_number() over (partition by o.tenant, o.id order by a.since <= o.ordered desc, abs(epoch(a.since - o.ordered))) = 1;

create table items as
select
    i.tenant_id as tenant, i.order_id as id, i.line_id as line, i.product_id as product, p.name, p.category,
    o.day, o.account, o.country, o.region, o.segment, o.channel, o.cancelled,
    i.quantity, i.quantity * i.unit_price::double as gross,
    i.discount_amount::double as discount, i.freight_amount::double as freight,
    i.returned_quantity::double as returned, i.refund_amount::double as refund,
    gross - discount - refund as net, (i.quantity - returned) * p.cost as cost
from (
    select * replace (try_cast(read.quantity as double) as quantity)
    from lines_of(getvariable('ecommerce_order_items')) as read
    where tenant_id is not null and order_id is not null and moment(ordered_at) is not null and try_cast(read.quantity as double) is not null
    qualify row_number() over (partition by tenant_id, order_id, line_id order by coalesce(moment(updated_at), moment(ordered_at)) desc, filename desc, row_id desc) = 1
) as i
join orders as o on i.tenant_id = o.tenant and i.order_id = o.id
join products as p on i.tenant_id = p.tenant and i.product_id = p.product
qualify row_number() over (partition by i.tenant_id, i.order_id, i.line_id order by p.since <= o.ordered desc, abs(epoch(p.since - o.ordered))) = 1;

create view sold as select * from items where not cancelled;

create table payments as
select o.day, o.channel, p.*, p.amount::double * if(p.kind = 'REFUND', -1, 1) as signed
from (
    select * from lines_of(getvariable('ecommerce_payments'))
    where tenant_id is not null and order_id is not null and moment(paid_at) is not null and try_cast(amount as double) is not null
    qualify row_number() over (partition by tenant_id, order_id, payment_id order by filename desc, row_id desc) = 1
) as p join orders as o on p.tenant_id = o.tenant and p.order_id = o.id;

create table clicks as
select
    json ->> 'tenant_id' as tenant, json ->> 'event_id' as id, moment(json ->> 'event_time') as moment,
    json ->> 'visitor_id' as visitor, json ->> 'customer_id' as account, json ->> 'event_type' as kind,
    json ->> 'product_id' as product, json ->> 'device' as device, json ->> 'traffic_source' as traffic
from objects(getvariable('ecommerce_clickstream'))
where tenant is not null and id is not null and moment is not null and visitor is not null
qualify row_number() over (partition by tenant, id order by filename desc, row_id desc) = 1;

create table visits as
with cut as (
    select *, coalesce(moment - lag(moment) over w > interval 30 minutes, true)::int as begins
    from clicks window w as (partition by tenant, visitor order by moment)
),
numbered as (select *, sum(begins) over (partition by tenant, visitor order by moment rows unbounded preceding) as no from cut)
select
    tenant, visitor, no, cast(min(moment) as date) as day, arg_min(device, moment) as device, arg_min(traffic, moment) as traffic,
    count(*) as actions, count(account) > 0 as signed_in,
    count_if(kind = 'VIEW_PRODUCT') > 0 or count_if(kind in ('ADD_TO_CART', 'CHECKOUT', 'PURCHASE')) > 0 as saw,
    count_if(kind in ('ADD_TO_CART', 'CHECKOUT', 'PURCHASE')) > 0 as carted,
    count_if(kind in ('CHECKOUT', 'PURCHASE')) > 0 as checked_out, count_if(kind = 'PURCHASE') > 0 as bought
from numbered group by all;

-- What became of each product, described as at the end of the day.
create table product_days as
with counted as (
    select tenant, product, cast(moment as date) as day, count_if(kind = 'VIEW_PRODUCT') as views, count_if(kind = 'ADD_TO_CART') as carts, 0 as orders
    from clicks where product is not null and kind in ('VIEW_PRODUCT', 'ADD_TO_CART') group by all
    union all
    select tenant, product, day, 0, 0, count(distinct id) from sold group by all
),
summed as (select tenant, product, day, sum(views) as views, sum(carts) as carts, sum(orders) as orders from counted group by all)
select s.*, p.name, p.category, p.brand
from summed as s left join products as p on s.tenant = p.tenant and s.product = p.product
qualify row_number() over (partition by s.tenant, s.product, s.day order by p.since <= s.day + 1 desc, abs(epoch(p.since - (s.day + 1)))) = 1;

create table people as
with newest as (select * from accounts qualify row_number() over (partition by tenant, account order by since desc) = 1),
face as (select * from newest qualify row_number() over (partition by tenant, person order by since desc, account) = 1),
known as (
    select n.tenant, n.person, cast(min(a.since) as date) as known
    from newest as n join accounts as a on n.tenant = a.tenant and n.account = a.account group by all
),
bought as (
    select n.tenant, n.person, count(*) as orders, min(o.day) as first_order
    from orders as o join newest as n on o.tenant = n.tenant and o.account = n.account where not o.cancelled group by all
),
spent as (
    select n.tenant, n.person, sum(net) as value
    from sold as s join newest as n on s.tenant = n.tenant and s.account = n.account group by all
)
select face.*, known.known, coalesce(bought.orders, 0) as orders, bought.first_order, coalesce(spent.value, 0) as value
from face join known using (tenant, person) left join bought using (tenant, person) left join spent using (tenant, person);
