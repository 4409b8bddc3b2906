-- One row per user, as now known.
{{ config(replaces="table") }}
with

firsts as (
    select
        tenant_id,
        user_id,
        min(case when version_no = 1 then user_segment end) as first_user_segment,
        cast(count(*) as integer) as version_count
    from {{ ref("users_snapshot") }}
    group by tenant_id, user_id
)

select
    {{ business_day("people.first_seen") }} as first_seen_date,
    people.first_seen,
    people.tenant_id,
    people.user_id,
    people.age,
    case
        when people.age < 25 then 'under 25'
        when people.age < 35 then '25-34'
        when people.age < 45 then '35-44'
        when people.age < 55 then '45-54'
        when people.age >= 55 then '55 and over'
    end as age_group,
    people.gender,
    people.region,
    people.user_segment,
    firsts.first_user_segment,
    firsts.version_count,
    people.valid_from as updated_at
from {{ ref("users_snapshot") }} as people
inner join firsts on people.tenant_id = firsts.tenant_id and people.user_id = firsts.user_id
where people.is_current
