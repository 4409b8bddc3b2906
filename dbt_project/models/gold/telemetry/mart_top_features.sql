-- One row per tenant, subscription tier and feature, ranked by number of uses.
{{ config(replaces="table") }}
with

segments as (
    select
        tenant_id,
        user_segment,
        count(*) as segment_user_count
    from {{ ref("stg_users") }}
    group by tenant_id, user_segment
),

features as (
    select
        tenant_id,
        user_segment,
        feature,
        max(last_used_date) as last_used_date,
        cast(sum(event_count) as bigint) as event_count,
        count(*) as user_count
    from {{ ref("int_user_feature_matrix") }}
    group by tenant_id, user_segment, feature
)

select
    features.last_used_date,
    features.tenant_id,
    features.user_segment,
    features.feature,
    features.event_count,
    features.user_count,
    segments.segment_user_count,
    cast(features.user_count as double) / segments.segment_user_count as adoption_rate,
    cast(rank() over (
        partition by features.tenant_id, features.user_segment
        order by features.event_count desc
    ) as integer) as feature_rank
from features
inner join segments
    on features.tenant_id = segments.tenant_id and features.user_segment = segments.user_segment
