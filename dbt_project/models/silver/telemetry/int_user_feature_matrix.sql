-- One row per user and feature used.
{{ config(replaces="table") }}
with

uses as (
    select
        tenant_id,
        user_id,
        feature,
        min(usage_date) as first_used_date,
        max(usage_date) as last_used_date,
        cast(sum(event_count) as bigint) as event_count,
        count(distinct usage_date) as active_days
    from {{ ref("stg_feature_events") }}
    group by tenant_id, user_id, feature
),

totals as (
    select
        tenant_id,
        user_id,
        sum(event_count) as event_count
    from uses
    group by tenant_id, user_id
)

select
    uses.first_used_date,
    uses.last_used_date,
    uses.tenant_id,
    uses.user_id,
    people.user_segment,
    people.region,
    uses.feature,
    uses.event_count,
    uses.active_days,
    cast(uses.event_count as double) / totals.event_count as event_share
from uses
inner join totals on uses.tenant_id = totals.tenant_id and uses.user_id = totals.user_id
inner join {{ ref("stg_users") }} as people
    on uses.tenant_id = people.tenant_id and uses.user_id = people.user_id
