-- Complaints straight from the sample files: the events that are valid, each once, and what became of each complaint.
create table ev as
with texts as (
    select json, filename, row_number() over () as row_id
    from read_csv(getvariable('pgr_events'), columns = {'json': 'varchar'}, delim = '', quote = '', escape = '', header = false, auto_detect = false, filename = true)
),
records as (
    select
        json ->> 'tenant_id' as tenant,
        json ->> 'entity_id' as complaint,
        json ->> 'event_id' as event,
        json ->> 'event_type' as kind,
        try_cast(json ->> 'event_time' as timestamptz) at time zone 'UTC' as happened,
        cast(happened as date) as day,
        json ->> 'channel' as channel,
        json ->> 'ward_id' as ward,
        json ->> 'locality_id' as locality,
        json ->> '$.attributes.complaint_type' as type,
        json ->> '$.attributes.priority' as priority,
        (json ->> '$.attributes.sla_hours')::double as sla,
        filename, row_id
    from texts where json_valid(json)
)
select * from records
where tenant is not null and complaint is not null and happened is not null
    and kind in ('CREATED', 'ASSIGNED', 'RESOLVED', 'CLOSED', 'REOPENED')
-- a later record of the same event corrects it
qualify row_number() over (partition by tenant, event order by filename desc, row_id desc) = 1;

create table cases as
with opened as (select tenant, complaint, max(happened) as last_opened from ev where kind in ('CREATED', 'REOPENED') group by all)
select
    tenant, complaint,
    min(happened) filter (kind = 'CREATED') as submitted_at,
    cast(submitted_at as date) as submitted,
    min(happened) filter (kind in ('RESOLVED', 'CLOSED') and happened >= last_opened) as ended_at,
    ended_at is null as is_open,
    date_diff('millisecond', submitted_at, ended_at) / 3600000 as hours,
    any_value(sla) as sla_hours,
    hours > sla_hours as breached,
    count_if(kind = 'REOPENED') as reopens,
    any_value(channel) as channel, any_value(ward) as ward, max_by(locality, happened) as locality,
    any_value(type) as type, any_value(priority) as priority
from ev join opened using (tenant, complaint)
group by all;

-- The complaints open at the end of a day: the last event by then that opened or ended them opened them.
create macro open_on(last_day) as table
select tenant, complaint, any_value(channel) as channel, any_value(ward) as ward, any_value(type) as type, any_value(priority) as priority
from ev where day <= last_day and kind <> 'ASSIGNED'
group by tenant, complaint
having arg_max(kind, happened) in ('CREATED', 'REOPENED');
