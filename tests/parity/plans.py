"""Plans for whatever a plan can say, over the sample's complaints: no question set asks for all of it.

Belongs here: plans. Does not belong here: what their rows are (``nlq.answering.test_plan_language``).
"""

from __future__ import annotations

from typing import Any

from nlq.core.plan import Plan

WARD, CHANNEL = "complaint__ward_id", "complaint__channel"
MEAN = {"metric": "pgr_complaints", "comparator": "ge", "value": 1.1, "of": "mean"}
OVERALL = {"metric": "pgr_sla_breach_rate", "comparator": "gt", "value": 1, "of": "overall"}
GREW = [{"field": "pgr_complaints__difference", "descending": True}]
JANUARY, FEBRUARY = {"start": "2026-01-01", "end": "2026-01-31"}, {"start": "2026-02-01", "end": "2026-02-14"}
LONG = [{"dimension": "complaint__sla_hours", "operator": "gt", "values": [24.5]}]
PIECE = [{"dimension": "complaint__complaint_type", "operator": "contains", "values": ["ater"]}]

_SAID: tuple[dict[str, Any], ...] = (
    {"filters": LONG},
    {"filters": PIECE},
    {"group_by": [WARD], "count": True},
    {"group_by": [WARD, CHANNEL], "count": True, "within": [CHANNEL], "having": [MEAN]},
    {"group_by": ["complaint__submitted_date"], "count": True, "within": ["pgr_complaints"]},
    {"grain": "day", "count": True, "having": [MEAN], "time_range": JANUARY},
    {"group_by": [WARD], "grain": "week", "average": True, "within": ["metric_time"]},
    {"metrics": ["pgr_sla_breach_rate"], "group_by": [WARD], "having": [OVERALL]},
    {"group_by": [WARD], "time_range": FEBRUARY, "compare_with": JANUARY, "order_by": GREW, "ties": True, "limit": 3},
    {"grain": "day", "group_by": [CHANNEL], "running": {"of": "average", "steps": 7}, "time_range": FEBRUARY},
    {"grain": "week", "running": {"of": "total"}},
    {"grain": "month", "time_of": "complaint__closed_at", "group_by": [CHANNEL]},
    {"time_of": "complaint__closed_at", "time_range": FEBRUARY, "compare_with": JANUARY},
    {"filters": [{"dimension": "complaint__closed_at", "operator": "le", "values": ["2026-01-31"]}]},
    {"metrics": ["pgr_avg_turnaround_hours"], "grain": "week", "running": {"of": "average"}},
    {"metrics": ["pgr_closed_complaints", "pgr_complaints"], "ratio": True, "percent": True, "group_by": [CHANNEL]},
    {"metrics": ["pgr_open_complaints"], "records": True, "limit": 20, "skip": 5},
    {"metrics": ["pgr_max_turnaround_hours"], "records": True, "group_by": [CHANNEL], "filters": LONG, "limit": 20},
)
PLANS = tuple(Plan.model_validate({"metrics": ["pgr_complaints"], **parts}) for parts in _SAID)
