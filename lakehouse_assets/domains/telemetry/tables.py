"""Tables of telemetry that Python makes: features of users, and of users with what they have not used yet.

Belongs here: their functions. Does not belong here: their contracts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.domains.feature_days import BY_NIGHT, feature_days
from lakehouse_assets.domains.telemetry.contracts.platinum import ADOPTION, USERS
from lakehouse_assets.lakehouse.python_table import Inputs, python_table

if TYPE_CHECKING:
    import pyarrow as pa

USES = "silver.stg_feature_events"
SESSIONS = "silver.stg_sessions"


def _active(inputs: Inputs) -> str:
    """Queries of the days, `days`, and of what was known on each of every user who was active, `active`."""
    days = feature_days(inputs, USES, "usage_date", most=730)
    return f"""
with days as (select feature_date from {days} as days (feature_date, begins_at)),
active as (
    select
        days.feature_date, u.tenant_id, u.user_id,
        max_by(u.user_segment, u.window_start) as user_segment,
        coalesce(sum(case when u.usage_date >= days.feature_date - interval '7' day then u.event_count end), 0)
            as events_7d,
        sum(case when u.usage_date >= days.feature_date - interval '28' day then u.event_count end) as events_28d,
        count(distinct case when u.usage_date >= days.feature_date - interval '7' day then u.usage_date end)
            as active_days_7d,
        count(distinct case when u.usage_date >= days.feature_date - interval '28' day then u.usage_date end)
            as active_days_28d,
        count(distinct case when u.usage_date >= days.feature_date - interval '28' day then u.feature end)
            as features_28d,
        count(distinct u.feature) as features_before,
        cast(date_diff('day', max(u.usage_date), days.feature_date) as integer) as days_since_active,
        cast(date_diff('day', min(u.usage_date), days.feature_date) as integer) as days_since_first_active
    from days
    inner join {USES} as u on u.usage_date < days.feature_date
    group by days.feature_date, u.tenant_id, u.user_id
    having max(u.usage_date) >= days.feature_date - interval '28' day
)"""


@python_table(USERS, reads=(USES, SESSIONS), cron=BY_NIGHT, on_demand=True)
def user_features(inputs: Inputs) -> pa.Table:
    """What was known of each user on each of those days."""
    return inputs.session.query(
        f"""{_active(inputs)},
begun as (
    select days.feature_date, s.tenant_id, s.user_id, count(*) as sessions_28d
    from days
    inner join {SESSIONS} as s
        on s.session_date < days.feature_date and s.session_date >= days.feature_date - interval '28' day
    group by days.feature_date, s.tenant_id, s.user_id
)
select
    a.feature_date, a.tenant_id, a.user_id, a.user_segment, cast(a.events_7d as bigint) as events_7d,
    cast(a.events_28d as bigint) as events_28d, a.active_days_7d, a.active_days_28d, a.features_28d,
    coalesce(b.sessions_28d, 0) as sessions_28d, a.days_since_active, a.days_since_first_active,
    cast(a.events_7d as double) * 4 / a.events_28d as trend_7d
from active as a
left join begun as b on b.feature_date = a.feature_date and b.tenant_id = a.tenant_id and b.user_id = a.user_id
"""
    )


@python_table(ADOPTION, reads=(USES,), cron=BY_NIGHT, on_demand=True)
def adoption_features(inputs: Inputs) -> pa.Table:
    """What was known on each of those days of each user and each feature that was new to them."""
    return inputs.session.query(
        f"""{_active(inputs)},
used as (
    select tenant_id, user_id, feature, min(usage_date) as first_used from {USES} group by tenant_id, user_id, feature
),
users as (select tenant_id, user_id, min(first_used) as first_seen from used group by tenant_id, user_id),
there as (
    select days.feature_date, users.tenant_id, count(*) as user_count
    from days inner join users on users.first_seen < days.feature_date
    group by days.feature_date, users.tenant_id
),
adopted as (
    select days.feature_date, used.tenant_id, used.feature, count(*) as user_count
    from days inner join used on used.first_used < days.feature_date
    group by days.feature_date, used.tenant_id, used.feature
)
select
    a.feature_date, a.tenant_id, a.user_id, adopted.feature, adopted.feature as feature_name, a.user_segment,
    cast(a.events_28d as bigint) as events_28d, a.active_days_28d, a.features_before, a.days_since_active,
    a.days_since_first_active, cast(adopted.user_count as double) / there.user_count as adopted_share
from active as a
inner join there on there.feature_date = a.feature_date and there.tenant_id = a.tenant_id
inner join adopted on adopted.feature_date = a.feature_date and adopted.tenant_id = a.tenant_id
left join used
    on used.tenant_id = a.tenant_id and used.user_id = a.user_id and used.feature = adopted.feature
    and used.first_used < a.feature_date
where used.user_id is null
"""
    )
