"""Tables of complaints that Python makes: features of open complaints.

Belongs here: their functions. Does not belong here: their contracts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.domains.feature_days import BY_NIGHT, feature_days
from lakehouse_assets.domains.pgr.features import COMPLAINT_FEATURES
from lakehouse_assets.lakehouse.python_table import Inputs, python_table

if TYPE_CHECKING:
    import pyarrow as pa

EVENTS = "silver.silver_pgr_events"
PERIODS = "silver.silver_pgr_open_periods"
_AGES = "(values (1), (2), (3), (5), (8), (13), (21))"


@python_table(COMPLAINT_FEATURES, reads=(EVENTS, PERIODS), cron=BY_NIGHT, on_demand=True)
def complaint_features(inputs: Inputs) -> pa.Table:
    """What was known on each of those days of each complaint that was open."""
    sla_day = inputs.local.business_day("sla_due_at")
    days = feature_days(inputs, EVENTS, "event_date", most=180, every_day=True)
    return inputs.session.query(
        f"""
with days as (select feature_date, begins_at from {days} as days (feature_date, begins_at)),
newest as (select max(feature_date) as feature_date from days),
created as (
    select
        tenant_id, complaint_id, min_by(complaint_type, event_time) as complaint_type,
        min_by(priority, event_time) as priority, min_by(channel, event_time) as channel,
        min_by(ward_id, event_time) as ward_id, min_by(sla_hours, event_time) as sla_hours
    from {EVENTS} where event_type = 'CREATED' group by tenant_id, complaint_id
),
assigned as (
    select tenant_id, complaint_id, min(event_date) as assigned_date
    from {EVENTS} where event_type = 'ASSIGNED' group by tenant_id, complaint_id
),
cases as (
    select
        p.tenant_id, p.complaint_id, p.opened_at, p.opened_date, p.closed_at, p.closed_date, p.sla_due_at,
        c.complaint_type, c.priority, c.channel, c.ward_id, c.sla_hours
    from {PERIODS} as p
    inner join created as c on c.tenant_id = p.tenant_id and c.complaint_id = p.complaint_id
    where p.period_no = 1
),
moved as (
    select tenant_id, ward_id, moved_on, sum(step) as step
    from (
        select tenant_id, ward_id, opened_date as moved_on, 1 as step from cases
        union all
        select tenant_id, ward_id, closed_date as moved_on, -1 as step from cases where closed_date is not null
    ) as steps
    group by tenant_id, ward_id, moved_on
),
ward_open as (
    select days.feature_date, moved.tenant_id, moved.ward_id, sum(moved.step) as open_count
    from days inner join moved on moved.moved_on < days.feature_date
    group by days.feature_date, moved.tenant_id, moved.ward_id
),
due as (
    select
        tenant_id, ward_id, complaint_type, {sla_day} as due_date, count(*) as due_count,
        sum(case when closed_at <= sla_due_at then 0 else 1 end) as breach_count
    from cases where sla_due_at is not null group by tenant_id, ward_id, complaint_type, {sla_day}
),
ward_due as (
    select
        days.feature_date, due.tenant_id, due.ward_id,
        cast(sum(due.breach_count) as double) / sum(due.due_count) as share
    from days
    inner join due on due.due_date < days.feature_date and due.due_date >= days.feature_date - interval '28' day
    group by days.feature_date, due.tenant_id, due.ward_id
),
type_due as (
    select
        days.feature_date, due.tenant_id, due.complaint_type,
        cast(sum(due.breach_count) as double) / sum(due.due_count) as share
    from days
    inner join due on due.due_date < days.feature_date and due.due_date >= days.feature_date - interval '28' day
    group by days.feature_date, due.tenant_id, due.complaint_type
),
told as (
    select distinct days.feature_date, days.begins_at, cases.tenant_id, cases.complaint_id
    from cases
    cross join days
    cross join newest
    left join {_AGES} as ages (age) on ages.age = date_diff('day', cases.opened_date, days.feature_date)
    where cases.opened_date < days.feature_date and cases.opened_date >= days.feature_date - interval '60' day
        and (ages.age is not null or days.feature_date = newest.feature_date)
)
select
    told.feature_date, told.tenant_id, told.complaint_id, c.complaint_type, c.priority, c.channel, c.ward_id,
    c.sla_hours,
    date_diff('minute', c.opened_at, told.begins_at) / cast(60 as double) as hours_open,
    c.sla_hours - date_diff('minute', c.opened_at, told.begins_at) / cast(60 as double)
        as hours_left,
    coalesce(a.assigned_date < told.feature_date, false) as is_assigned,
    cast(coalesce(w.open_count, 0) as bigint) as ward_open,
    wd.share as ward_breach_share_28d, td.share as type_breach_share_28d
from told
inner join cases as c on c.tenant_id = told.tenant_id and c.complaint_id = told.complaint_id
left join assigned as a on a.tenant_id = told.tenant_id and a.complaint_id = told.complaint_id
left join ward_open as w
    on w.feature_date = told.feature_date and w.tenant_id = told.tenant_id and w.ward_id = c.ward_id
left join ward_due as wd
    on wd.feature_date = told.feature_date and wd.tenant_id = told.tenant_id and wd.ward_id = c.ward_id
left join type_due as td
    on td.feature_date = told.feature_date and td.tenant_id = told.tenant_id
    and td.complaint_type = c.complaint_type
where (c.closed_at is null or c.closed_at >= told.begins_at)
    and c.sla_hours - date_diff('minute', c.opened_at, told.begins_at) / cast(60 as double) > 0
"""
    )
