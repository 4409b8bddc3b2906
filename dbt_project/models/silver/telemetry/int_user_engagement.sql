-- One row per user. Everyone is seen from the tenant's last day, so every run makes the whole table.
{{ config(replaces="table") }}
with

active_days as (
    select
        tenant_id,
        user_id,
        usage_date,
        sum(event_count) as event_count
    from {{ ref("stg_feature_events") }}
    group by tenant_id, user_id, usage_date
),

horizons as (
    select
        tenant_id,
        max(usage_date) as as_of_date
    from active_days
    group by tenant_id
),

days as (
    select
        active_days.*,
        {{ days_between("active_days.usage_date", "horizons.as_of_date") }} as days_ago
    from active_days
    inner join horizons on active_days.tenant_id = horizons.tenant_id
),

uses as (
    select
        tenant_id,
        user_id,
        min(usage_date) as first_active_date,
        max(usage_date) as last_active_date,
        count(*) as active_days,
        count(case when days_ago < 28 then 1 end) as active_days_28,
        cast(sum(event_count) as bigint) as total_events,
        min(days_ago) as recency_days
    from days
    group by tenant_id, user_id
),

features as (
    select
        tenant_id,
        user_id,
        count(*) as feature_count
    from {{ ref("int_user_feature_matrix") }}
    group by tenant_id, user_id
),

sessions as (
    select
        tenant_id,
        user_id,
        count(*) as session_count,
        sum({{ millis_between("session_start", "session_end") }}) as session_millis
    from {{ ref("int_user_sessions") }}
    group by tenant_id, user_id
)

select
    people.first_seen_date,
    people.tenant_id,
    people.user_id,
    people.user_segment,
    people.region,
    people.age_group,
    people.gender,
    horizons.as_of_date,
    uses.first_active_date,
    uses.last_active_date,
    coalesce(uses.active_days, 0) as active_days,
    coalesce(uses.active_days_28, 0) as active_days_28,
    coalesce(sessions.session_count, 0) as session_count,
    {{ hours_of("coalesce(sessions.session_millis, 0)") }} as session_hours,
    coalesce(uses.total_events, 0) as total_events,
    coalesce(features.feature_count, 0) as feature_count,
    uses.recency_days,
    case
        when uses.user_id is null then 'NEVER'
        when uses.active_days_28 >= 12 and features.feature_count >= 6 then 'POWER'
        when uses.active_days_28 >= 4 then 'REGULAR'
        when uses.active_days_28 >= 1 then 'CASUAL'
        else 'DORMANT'
    end as engagement_level,
    coalesce(uses.recency_days > 14, false) as is_at_risk
from {{ ref("stg_users") }} as people
left join horizons on people.tenant_id = horizons.tenant_id
left join uses on people.tenant_id = uses.tenant_id and people.user_id = uses.user_id
left join features on people.tenant_id = features.tenant_id and people.user_id = features.user_id
left join sessions on people.tenant_id = sessions.tenant_id and people.user_id = sessions.user_id
