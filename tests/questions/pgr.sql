-- Complaints straight from the sample files: the events that are valid, each once, and what became of each complaint.
create view raw_lines as
select json, filename
from read_csv(getvariable('files'), columns = {'json': 'varchar'}, delim = '', quote = '', header = false, auto_detect = false, filename = true);

create table ev as
select
    json ->> 'tenant_id' as tenant,
    json ->> 'entity_id' as complaint,
    json ->> 'event_type' as kind,
    try_cast(json ->> 'event_time' as timestamptz) at time zone 'UTC' as at,
    cast(at as date) as day,
    json ->> 'channel' as channel,
    json ->> 'ward_id' as ward,
    json ->> 'locality_id' as locality,
    json ->> '$.attributes.complaint_type' as type,
    json ->> '$.attributes.priority' as priority,
    (json ->> '$.attributes.sla_hours')::double as sla
from (
    -- a later record of the same event corrects it
    select json::json as json, last_value(json) over (partition by json::json ->> 'tenant_id', json::json ->> 'event_id' order by filename, row_id rows between unbounded preceding and unbounded following) as newest, json as text
    from (select *, row_number() over () as row_id from raw_lines) where json_valid(json)
)
where text = newest and tenant is not null and complaint is not null and at is not null
    and kind in ('CREATED', 'ASSIGNED', 'RESOLVED', 'CLOSED', 'REOPENED')
qualify row_number() over (partition by tenant, json ->> 'event_id') = 1;

create table cases as
with opened as (select tenant, complaint, max(at) as last_opened from ev where kind in ('CREATED', 'REOPENED') group by all)
select
    tenant, complaint,
    min(at) filter (kind = 'CREATED') as submitted_at,
    cast(submitted_at as date) as submitted,
    min(at) filter (kind in ('RESOLVED', 'CLOSED') and at >= last_opened) as ended_at,
    ended_at is null as is_open,
    date_diff('millisecond', submitted_at, ended_at) / 3600000 as hours,
    any_value(sla) as sla_hours,
    hours > sla_hours as breached,
    count_if(kind = 'REOPENED') as reopens,
    any_value(channel) as channel, any_value(ward) as ward, max_by(locality, at) as locality,
    any_value(type) as type, any_value(priority) as priority
from ev join opened using (tenant, complaint)
group by all;

-- The complaints open at the end of a day: the last event by then that opened or ended them opened them.
create macro open_on(last_day) as table
select tenant, complaint, any_value(channel) as channel, any_value(ward) as ward, any_value(type) as type, any_value(priority) as priority
from ev where day <= last_day and kind <> 'ASSIGNED'
group by tenant, complaint
having arg_max(kind, at) in ('CREATED', 'REOPENED');
