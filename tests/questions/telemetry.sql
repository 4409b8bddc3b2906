-- Product telemetry straight from the sample files: the records that are valid, each in its latest version.
create function known(source) as (source is not null and source <> '');
create function moment(source) as try_cast(source as timestamp);
create function csv(files) as table
select *, row_number() over () as row_id
from read_csv(files, all_varchar = true, header = true, ignore_errors = true, null_padding = false, strict_mode = true, filename = true);

create table versions as
select distinct on (tenant_id, user_id, since)
    tenant_id as tenant, user_id as person, moment(updated_at) as since, cast(moment(first_seen) as date) as signed_up,
    try_cast(age as integer) as years, gender, region, condition as tier
from csv(getvariable('telemetry_users'))
where known(tenant_id) and known(user_id) and since is not null and signed_up is not null and years is not null
order by tenant_id, user_id, since, filename desc, row_id desc;

create table people as
select *, case when years < 25 then 'under 25' when years < 35 then '25-34' when years < 45 then '35-44' when years < 55 then '45-54' else '55 and over' end as ages
from versions qualify row_number() over (partition by tenant, person order by since desc) = 1;

create table raw_uses as
select distinct on (tenant_id, user_id, feature, hour_at)
    tenant_id as tenant, user_id as person, feature, moment(window_start) as hour_at, try_cast(event_count as integer) as n, session_id as session
from csv(getvariable('feature_usage_hourly'))
where known(tenant_id) and known(user_id) and hour_at is not null and n is not null
order by tenant_id, user_id, feature, hour_at, filename desc, row_id desc;

-- A use has the tier and region of the version that held in its hour, or of the first.
create table uses as
select u.*, cast(hour_at as date) as day, v.tier, v.region
from raw_uses u
join (
    select *, lead(since) over w as until, row_number() over w = 1 as is_first
    from versions window w as (partition by tenant, person order by since)
) v on u.tenant = v.tenant and u.person = v.person and hour_at < coalesce(until, timestamp '9999-01-01') and (hour_at >= since or is_first);

create table reported as
select distinct on (tenant, session) *
from (
    select tenant_id as tenant, session_id as session, user_id as person, moment(session_start) as started, moment(session_end) as ended, device, app_version as version, filename, row_number() over () as row_id
    from read_json(getvariable('telemetry_sessions'), format = 'newline_delimited', ignore_errors = true, filename = true, columns = {tenant_id: varchar, session_id: varchar, user_id: varchar, session_start: varchar, session_end: varchar, device: varchar, app_version: varchar})
) where known(tenant) and known(session) and started is not null
order by tenant, session, filename desc, row_id desc;

create table visits as
select
    tenant, session, person, tier, region, device, version, n, features, coalesce(started, first_hour) as began, coalesce(ended, last_hour + interval 1 hour) as finished,
    date_diff('millisecond', began, finished) / 3600000 as hours, cast(began as date) as day
from (
    select tenant, session, min(person) as person, arg_min(tier, hour_at) as tier, arg_min(region, hour_at) as region, sum(n) as n, count(distinct feature) as features, min(hour_at) as first_hour, max(hour_at) as last_hour
    from uses group by all
) left join (select tenant, session, device, version, started, ended from reported) using (tenant, session);

create table activity as
select
    people.*, count(distinct day) filter (day > last_day - 28) as recent, count(distinct feature) as features, max(day) as last_use, any_value(last_day) as last_day,
    case when last_use is null then 'NEVER' when recent >= 12 and features >= 6 then 'POWER' when recent >= 4 then 'REGULAR' when recent >= 1 then 'CASUAL' else 'DORMANT' end as level
from people
left join (select tenant, person, day, feature from uses) using (tenant, person)
left join (select tenant, max(day) as last_day from uses group by 1) using (tenant)
group by all;

create table steps as
select distinct on (tenant, person, funnel, position) tenant_id as tenant, user_id as person, funnel, funnel_step as step, try_cast(step_order as integer) as position, moment(reached_at) as reached
from (
    select *, 'onboarding' as funnel from csv(getvariable('funnel_onboarding'))
    union all select *, 'feature_adoption' from csv(getvariable('funnel_feature_adoption'))
    union all select *, 'workflow_completion' from csv(getvariable('funnel_workflow_completion'))
) where known(tenant_id) and known(user_id) and position is not null and reached is not null
order by tenant, person, funnel, position, filename desc, row_id desc;

create table journeys as
select tenant, person, funnel, tier, people.region, max(position) as furthest, cast(min(reached) as date) as day, max(reached) filter (position = 5) as completed, date_diff('millisecond', min(reached), completed) / 3600000 as hours
from steps join people using (tenant, person) group by all;

create table stages as
select funnel, position, any_value(step) as step from steps group by all;

create table parts as
select distinct on (tenant, experiment, person) t.*, tier, people.region, cast(assigned as date) as day, converted is not null as reached, date_diff('millisecond', assigned, converted) / 3600000 as hours
from (
    select tenant_id as tenant, experiment_name as experiment, variant, user_id as person, moment(assigned_at) as assigned, moment(converted_at) as converted, moment(updated_at) as updated, filename, row_number() over () as row_id
    from read_json(getvariable('telemetry_experiments'), format = 'newline_delimited', ignore_errors = true, filename = true, columns = {tenant_id: varchar, experiment_name: varchar, variant: varchar, user_id: varchar, assigned_at: varchar, converted_at: varchar, updated_at: varchar})
) t join people using (tenant, person)
where assigned is not null
order by tenant, experiment, person, updated desc, filename desc, row_id desc;

create table weeks as
select cohort, (week - cohort) // 7 as since, week, tier, count(*) as members, count(*) filter (came) as active, tenant
from (
    select m.tenant, m.person, m.cohort, w.week, exists (from uses u where u.tenant = m.tenant and u.person = m.person and date_trunc('week', u.day) = w.week) as came, p.tier
    from (select tenant, person, cast(date_trunc('week', min(day)) as date) as cohort from uses group by all) m
    join (select distinct tenant, cast(date_trunc('week', day) as date) as week from uses) w on w.tenant = m.tenant and w.week >= m.cohort
    join people p on p.tenant = m.tenant and p.person = m.person
) group by all;

-- Lines of the files, and those of them that are the first of their kind, valid and of a known user.
create function lines(files, heads) as table
select count(*) - heads * len(files) as n
from read_csv(files, columns = {'line': 'varchar'}, delim = '', quote = '', escape = '', header = false, auto_detect = false);

create table quality as
select 'users' as feed, n as received, (select count(*) from versions) as sound from lines(getvariable('telemetry_users'), 1)
union all select 'feature_usage_hourly', n, (select count(*) from uses) from lines(getvariable('feature_usage_hourly'), 1)
union all select 'sessions', n, (select count(*) from reported) from lines(getvariable('telemetry_sessions'), 0)
union all select 'experiments', n, (select count(*) + count(*) filter (reached) from parts) from lines(getvariable('telemetry_experiments'), 0)
union all select 'funnel_events', sum(n), (select count(*) from steps join people using (tenant, person))
from (from lines(getvariable('funnel_onboarding'), 1) union all from lines(getvariable('funnel_feature_adoption'), 1) union all from lines(getvariable('funnel_workflow_completion'), 1));
