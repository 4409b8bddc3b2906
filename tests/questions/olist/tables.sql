-- What `dbt run` would leave in the shop's database: the tables its models are, from the files in the folder $1.
create schema shop;
create macro file(name) as getvariable('folder') || '/olist_' || name || '_dataset.csv';
create table shop.orders as
select
    order_id, customer_id, order_status,
    order_purchase_timestamp as purchased_at,
    order_delivered_customer_date as delivered_at,
    order_estimated_delivery_date as estimated_at,
    date_diff('second', order_purchase_timestamp, order_delivered_customer_date) / 86400 as delivery_days
from read_csv(file('orders'));
create table shop.items as
select i.order_id || '-' || i.order_item_id as item_id, i.order_id, i.product_id, i.seller_id, i.price, i.freight_value, o.purchased_at
from read_csv(file('order_items')) as i join shop.orders as o using (order_id);
create table shop.payments as
select p.order_id || '-' || p.payment_sequential as payment_id, p.order_id, p.payment_type, p.payment_installments, p.payment_value, o.purchased_at
from read_csv(file('order_payments')) as p join shop.orders as o using (order_id);
create table shop.reviews as
select review_id, order_id, review_score, review_creation_date as reviewed_at from read_csv(file('order_reviews'));
create table shop.customers as
select customer_id, customer_city, customer_state from read_csv(file('customers'), all_varchar = true);
create table shop.sellers as
select seller_id, seller_city, seller_state from read_csv(file('sellers'), all_varchar = true);
create table shop.products as
select p.product_id, t.product_category_name_english as category, p.product_weight_g
from read_csv(file('products')) as p
left join read_csv(getvariable('folder') || '/product_category_name_translation.csv') as t using (product_category_name);
create table shop.days as
select d::date as day from generate_series(date '2016-01-01', date '2019-12-31', interval 1 day) t(d);
