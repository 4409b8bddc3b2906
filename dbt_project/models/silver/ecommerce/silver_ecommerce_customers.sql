-- One row per account and version, in the months in which a version of an account touched by the run begins.
{{ config(replaces="touched", touched="ecommerce_touched_customer_days") }}
{%- set days = ecommerce_touched_customer_days() %}
{%- set changes = rows_of_touched(
    source("bronze", "ecommerce_customers"), "change_date", days,
    "ecommerce_touched_customers", ["tenant_id", "customer_id"]
) %}
with

versions as (
    {{ scd2_versions(
        changes ~ " as changes", ["tenant_id", "customer_id"], ecommerce_customer_attributes()
    ) }}
)

select
    tenant_id,
    customer_id,
    version_no,
    valid_from,
    valid_to,
    is_current,
    valid_from_date,
    person_id,
    segment,
    loyalty_tier,
    country,
    region,
    city,
    marketing_consent,
    record_key,
    load_id,
    loaded_at
from versions
{%- if is_partial() %}

-- What the run does not touch in these months stays as it is.
union all
select {{ contract_columns("kept") }}
from {{ published(this.identifier) }} as kept
left join {{ remembered("ecommerce_touched_customers") }} as touched
    on kept.tenant_id = touched.tenant_id and kept.customer_id = touched.customer_id
where touched.customer_id is null and {{ in_months("kept.valid_from_date", months_of_days(days)) }}
{%- endif %}
