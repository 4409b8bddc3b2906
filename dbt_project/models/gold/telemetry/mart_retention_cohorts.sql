-- One row per cohort, week since, tenant and subscription tier.
{{ config(replaces="table") }}
with

active_weeks as (
    select distinct
        tenant_id,
        user_id,
        cast(date_trunc('week', usage_date) as date) as active_week
    from {{ ref("stg_feature_events") }}
),

members as (
    select
        tenant_id,
        user_id,
        min(active_week) as cohort_week
    from active_weeks
    group by tenant_id, user_id
),

cohorts as (
    select
        members.tenant_id,
        members.cohort_week,
        people.user_segment,
        count(*) as cohort_size
    from members
    inner join {{ ref("stg_users") }} as people
        on members.tenant_id = people.tenant_id and members.user_id = people.user_id
    group by members.tenant_id, members.cohort_week, people.user_segment
),

weeks as (
    select distinct
        tenant_id,
        active_week
    from active_weeks
),

retained as (
    select
        members.tenant_id,
        members.cohort_week,
        people.user_segment,
        active_weeks.active_week,
        count(*) as retained_users
    from active_weeks
    inner join members
        on active_weeks.tenant_id = members.tenant_id and active_weeks.user_id = members.user_id
    inner join {{ ref("stg_users") }} as people
        on active_weeks.tenant_id = people.tenant_id and active_weeks.user_id = people.user_id
    group by members.tenant_id, members.cohort_week, people.user_segment, active_weeks.active_week
)

select
    cohorts.cohort_week,
    cast({{ days_between("cohorts.cohort_week", "weeks.active_week") }} / 7 as integer) as week_number,
    cohorts.tenant_id,
    cohorts.user_segment,
    cohorts.cohort_size,
    coalesce(retained.retained_users, 0) as retained_users,
    cast(coalesce(retained.retained_users, 0) as double) / cohorts.cohort_size as retention_rate
from cohorts
inner join weeks on cohorts.tenant_id = weeks.tenant_id and cohorts.cohort_week <= weeks.active_week
left join retained
    on
        cohorts.tenant_id = retained.tenant_id
        and cohorts.cohort_week = retained.cohort_week
        and cohorts.user_segment = retained.user_segment
        and weeks.active_week = retained.active_week
