-- One row per record whose user is not known.
{{ config(replaces="table") }}
with

records as (
    select
        usage_date as record_date,
        tenant_id,
        'feature_usage_hourly' as table_name,
        record_key,
        user_id,
        load_id,
        source_row,
        loaded_at
    from {{ source("bronze", "feature_usage_hourly") }}
    union all
    select
        step_date as record_date,
        tenant_id,
        'funnel_events' as table_name,
        record_key,
        user_id,
        load_id,
        source_row,
        loaded_at
    from {{ source("bronze", "funnel_events") }}
    union all
    select
        assigned_date as record_date,
        tenant_id,
        'experiments' as table_name,
        record_key,
        user_id,
        load_id,
        source_row,
        loaded_at
    from {{ source("bronze", "experiments") }}
),

orphans as (
    select
        records.*,
        row_number() over (
            partition by records.tenant_id, records.table_name, records.record_key
            order by records.loaded_at desc, records.load_id desc, records.source_row desc
        ) as copy_no
    from records
    left join {{ ref("stg_users") }} as people
        on records.tenant_id = people.tenant_id and records.user_id = people.user_id
    where people.user_id is null
)

select
    record_date,
    tenant_id,
    table_name,
    record_key,
    'USER_UNKNOWN' as reason,
    user_id as missing_id,
    load_id,
    loaded_at
from orphans
where copy_no = 1
