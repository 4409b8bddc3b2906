-- The files of the data set as they are, with short names.
create macro file(name) as getvariable('folder') || '/olist_' || name || '_dataset.csv';
create table orders as
select order_id, customer_id, order_status, cast(order_purchase_timestamp as date) as day,
    order_delivered_customer_date as delivered, order_estimated_delivery_date as promised,
    epoch(order_delivered_customer_date - order_purchase_timestamp) / 86400 as days
from read_csv(file('orders'));
create table items as select * from read_csv(file('order_items'));
create table payments as select * from read_csv(file('order_payments'));
create table reviews as select * from read_csv(file('order_reviews'));
create table customers as select * from read_csv(file('customers'), all_varchar = true);
create table sellers as select * from read_csv(file('sellers'), all_varchar = true);
create table products as
select p.product_id, t.product_category_name_english as category
from read_csv(file('products')) as p
left join read_csv(getvariable('folder') || '/product_category_name_translation.csv') as t using (product_category_name);
