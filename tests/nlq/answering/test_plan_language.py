"""What each part of a plan gives, in rows, beside SQL written by hand over the same tables."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.answering.document.sameness import same_rows
from nlq.core.plan import Plan
from nlq.wording.explain import as_question

CASES = "gold.gold_pgr_case_lifecycle"
COMPLAINTS = {"metrics": ["pgr_complaints"]}


def check(answerer: Answerer, lake: Lake, parts: dict[str, Any], sql: str) -> Answer:
    """The answer to a plan, whose rows are those of the SQL."""
    answer = answerer.run(Plan.model_validate(parts))
    assert answer.outcome == "answered", answer.sentence
    with lake.session() as session:
        expected = [tuple(row.values()) for row in session.query(sql).to_pylist()]
    assert expected
    assert same_rows(plain(answer.rows), plain(expected)), (answer.rows[:5], expected[:5])
    return answer


def plain(rows: Any) -> list[tuple[Any, ...]]:
    """Rows in which a number is the same number whatever its type, and a day its text."""
    return [tuple(_plain(value) for value in row) for row in rows]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    return str(value)[:10] if isinstance(value, date) else float(value)


def where(dimension: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"filters": [{"dimension": f"complaint__{dimension}", "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("filters", "condition", "words"),
    [
        (where("ward_id", "is_null"), "ward_id is null", "Ward is unknown"),
        (where("ward_id", "is_not_null"), "ward_id is not null", "Ward is known"),
        (where("sla_hours", "gt", 36), "sla_hours > 36", "SLA hours is more than 36"),
        (where("sla_hours", "ge", "36"), "sla_hours >= 36", "SLA hours is at least 36"),
        (where("sla_hours", "lt", 36.5), "sla_hours < 36.5", "SLA hours is less than 36.50"),
        (where("sla_hours", "le", 36), "sla_hours <= 36", "SLA hours is at most 36"),
        (where("sla_hours", "in", "36"), "sla_hours = 36", "SLA hours is 36"),
        (where("channel", "contains", "pp"), "channel like '%PP%'", "Channel contains pp"),
        (where("complaint_id", "contains", "-00001"), "complaint_id like '%-00001%'", "Complaint contains -00001"),
        (where("resolved_at", "is_null"), "resolved_at is null", "Resolved at is unknown"),
    ],
)
def test_filters_keep_what_they_say(
    answerer: Answerer, asked_lake: Lake, filters: dict[str, Any], condition: str, words: str
) -> None:
    answer = check(answerer, asked_lake, COMPLAINTS | filters, f"select count(*) from {CASES} where {condition}")
    assert answer.rows[0][0] > 0
    assert answer.filters == (words,)
    assert answer.plan and as_question(answer.plan, answerer.vocabulary()) == f"Complaints where {words}"


@pytest.mark.parametrize("text", ["W%", "W_B", "\\", "' or 1=1 --", "{{ 1 }}", "'__asklake_value_0__'"])
def test_a_piece_of_text_is_no_pattern_and_no_sql(answerer: Answerer, text: str) -> None:
    answer = answerer.run(Plan.model_validate(COMPLAINTS | where("channel", "contains", text)))
    assert answer.rows == ((0,),)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        (where("channel", "gt", 3), "bad_operator"),
        (where("sla_hours", "gt", "long"), "bad_value"),
        (where("sla_hours", "contains", "3"), "bad_operator"),
        (where("is_open", "contains", "t"), "bad_operator"),
        (where("submitted_date", "contains", "2025"), "bad_operator"),
        (where("channel", "contains", "w" * 201), "bad_value"),
    ],
)
def test_filters_that_a_dimension_cannot_have(answerer: Answerer, filters: dict[str, Any], code: str) -> None:
    answer = answerer.run(Plan.model_validate(COMPLAINTS | filters))
    assert (answer.outcome, answer.error) == ("refused", code)


WARD, CHANNEL, CASE = "complaint__ward_id", "complaint__channel", "complaint__complaint_id"
CLOSED = "complaint__closed_at"
MEAN = {"metric": "pgr_complaints", "comparator": "gt", "value": 1, "of": "mean"}
FEW = {"metric": "pgr_complaints", "comparator": "lt", "value": 1}
JANUARY = {"start": "2025-01-01", "end": "2025-01-20"}
NOW, BEFORE = {"start": "2025-07-01", "end": "2025-12-31"}, {"start": "2025-01-01", "end": "2025-06-30"}
IN_NOW = "submitted_date between '2025-07-01' and '2025-12-31'"
IN_HALVES = f"""select ward_id, count(*) filter (submitted_date between '2025-07-01' and '2025-12-31') n,
    count(*) filter (submitted_date between '2025-01-01' and '2025-06-30') b from {CASES} group by 1"""
BY_WARD = f"select ward_id, count(*) n from {CASES} group by 1"
BY_MONTH = f"select strftime(submitted_date, '%Y-%m-01') as mth, count(*) n from {CASES} group by 1"


def growth(name: str = "pgr_complaints__change", **more: Any) -> dict[str, Any]:
    order = [{"field": name, "descending": True}]
    known = {"filters": [{"dimension": WARD, "operator": "is_not_null"}]}
    return {"group_by": [WARD], "time_range": NOW, "compare_with": BEFORE, "order_by": order, **known, **more}


TRUTHS: list[tuple[dict[str, Any], str, str]] = [
    # values of a dimension, counted
    (
        {"group_by": [WARD], "count": True},
        f"select count(distinct ward_id) from {CASES}",
        "how many Wards with Complaints",
    ),
    (
        {"group_by": [WARD, CHANNEL], "count": True},
        f"select count(*) from (select distinct ward_id, channel from {CASES} where ward_id is not null)",
        "how many combinations of Ward and Channel with Complaints",
    ),
    (
        {"group_by": [CASE, WARD], "within": [WARD], "count": True, **where("channel", "in", "WEB")},
        f"""select ward_id, count(distinct complaint_id) from {CASES} where channel = 'WEB'
            group by 1 order by 1 nulls last""",
        "how many Complaints with Complaints by Ward where Channel is WEB",
    ),
    (
        {"group_by": [WARD], "grain": "month", "within": ["metric_time"], "count": True, "time_range": NOW},
        f"""select date_trunc('month', submitted_date)::date, count(distinct ward_id) from {CASES}
            where submitted_date between '2025-07-01' and '2025-12-31' group by 1 order by 1""",
        "how many Wards with Complaints by month from 2025-07-01 to 2025-12-31",
    ),
    (
        {"group_by": [WARD, CHANNEL], "within": [CHANNEL], "count": True, "having": [MEAN | {"of": None, "value": 50}]},
        f"""select channel, count(*) from (select channel, ward_id, count(*) n from {CASES} where ward_id is not null
            group by all having n > 50) group by 1 order by 1""",
        "how many Wards by Channel with more than 50 Complaints",
    ),
    (
        {
            "group_by": [CASE, WARD], "within": [WARD], "count": True, "ties": True, "limit": 1,
            "order_by": [{"field": f"{CASE}__count", "descending": True}],
            "having": [{"metric": f"{CASE}__count", "comparator": "gt", "value": 1}],
        },
        f"""{BY_WARD} qualify rank() over (order by n desc) = 1 order by 1""",
        "Ward with the highest number of Complaints with number of Complaints more than 1",
    ),
    (
        {"metrics": ["pgr_sla_breaches"], "group_by": [CASE], "count": True},
        f"select count(*) from {CASES} where is_sla_breached",
        "how many Complaints with SLA breaches",
    ),
    # how many have how much
    (
        {"group_by": ["complaint__submitted_date"], "within": ["pgr_complaints"], "count": True},
        f"select n, count(*) from (select submitted_date, count(*) n from {CASES} group by 1) group by 1 order by 1",
        "how many Submitteds by number of Complaints",
    ),
    # averages within
    (
        {"group_by": [WARD], "grain": "year", "within": ["metric_time"], "average": True},
        f"""select y, avg(n) from (select date_trunc('year', submitted_date)::date y, ward_id, count(*) n from {CASES}
            where ward_id is not null group by all) group by 1 order by 1""",
        "average Complaints per Ward by year",
    ),
    # changes, ranked and bounded
    (
        growth(ties=True, limit=1),
        f"""with h as ({IN_HALVES}) select ward_id, n, b, n / b - 1 from h where ward_id is not null
            qualify rank() over (order by n / b desc) = 1""",
        "Ward with the highest change of Complaints from 2025-07-01 to 2025-12-31 compared with 2025-01-01 "
        "to 2025-06-30",
    ),
    (
        growth(having=[{"metric": "pgr_complaints__change", "comparator": "gt", "value": 0}]),
        f"""with h as ({IN_HALVES}) select ward_id, n, b, n / b - 1 c from h
            where ward_id is not null and n > b order by c desc""",
        "Complaints by Ward where Ward is known with change of Complaints more than 0.0 % from 2025-07-01 to "
        "2025-12-31 compared with 2025-01-01 to 2025-06-30",
    ),
    (
        growth("pgr_complaints__difference", ties=True, limit=1),
        f"""with h as ({IN_HALVES}) select ward_id, n, b, n / b - 1, n - b from h where ward_id is not null
            qualify rank() over (order by n - b desc) = 1""",
        "Ward with the highest difference of Complaints from 2025-07-01 to 2025-12-31 compared with 2025-01-01 to "
        "2025-06-30",
    ),
    (
        {"grain": "month", "comparison": "previous_period", "ties": True, "limit": 1, "time_range": NOW,
         "order_by": [{"field": "pgr_complaints__change", "descending": True}]},
        f"""select mth, n, b, n / b - 1 from (select mth, n, lag(n) over (order by mth) b from ({BY_MONTH}))
            where mth between '2025-07' and '2025-12-31' qualify rank() over (order by n / b desc) = 1""",
        "month with the highest change of Complaints from 2025-07-01 to 2025-12-31 compared with the month before",
    ),
    # beside the mean, or the figure of all
    (
        {"group_by": [WARD], "having": [MEAN]},
        f"""{BY_WARD} qualify n > avg(case when ward_id is not null then n end) over () order by 1 nulls last""",
        "Complaints by Ward with more than the mean Complaints",
    ),
    (
        {"group_by": [WARD], "having": [MEAN], "count": True},
        f"""select count(*) from ({BY_WARD} qualify n > avg(case when ward_id is not null then n end) over ())
            where ward_id is not null""",
        "how many Wards with more than the mean Complaints",
    ),
    (
        {"group_by": [WARD, CHANNEL], "within": [CHANNEL], "count": True, "having": [MEAN | {"value": 1.05}]},
        f"""select channel, count(*) from (select channel, ward_id, count(*) n from {CASES} where ward_id is not null
            group by 1, 2 qualify n > 1.05 * avg(n) over (partition by channel)) group by 1 order by 1""",
        "how many Wards by Channel with more than 1.05 times the mean Complaints",
    ),
    (
        {"grain": "month", "time_range": {"start": "2025-01-01", "end": "2025-12-31"}, "having": [MEAN]},
        f"select * from ({BY_MONTH}) where mth < '2026' qualify n > sum(n) over () / 12 order by 1",
        "Complaints by month with more than the mean Complaints from 2025-01-01 to 2025-12-31",
    ),
    (
        {"metrics": ["pgr_sla_breach_rate"], "group_by": [WARD],
         "having": [{"metric": "pgr_sla_breach_rate", "comparator": "gt", "value": 1, "of": "overall"}]},
        f"""select ward_id, avg(is_sla_breached::int) r from {CASES} group by 1
            having r > (select avg(is_sla_breached::int) from {CASES}) order by 1 nulls last""",
        "SLA breach rate by Ward with more than the overall SLA breach rate",
    ),
    # along time
    (
        {"grain": "month", "group_by": [WARD], "running": {"of": "total"}, "time_range": NOW},
        f"""select strftime(m, '%Y-%m-01'), ward_id, coalesce(n, 0), sum(n) over (partition by ward_id order by m)
            from (select unnest(generate_series(date '2025-07-01', date '2025-12-01', interval 1 month)) m)
            cross join (select distinct ward_id from {CASES} where {IN_NOW}) left join (
                select date_trunc('month', submitted_date) s, ward_id w, count(*) n from {CASES}
                where {IN_NOW} group by 1, 2
            ) t on t.s = m and t.w is not distinct from ward_id order by 1, 2 nulls last""",
        "running total of Complaints by Ward and month from 2025-07-01 to 2025-12-31",
    ),
    (
        {"grain": "month", "running": {"of": "average", "steps": 3}, "time_range": NOW | {"start": "2025-07-15"}},
        f"""select * from (select mth, n, avg(n) over (order by mth rows 2 preceding) from (
                select strftime(submitted_date, '%Y-%m-01') as mth, count(*) n from {CASES}
                where submitted_date between '2025-05-01' and '2025-06-30' or submitted_date >= '2025-07-15' group by 1
            )) where mth between '2025-07' and '2025-12-31' order by 1""",
        "3-month moving average of Complaints by month from 2025-07-15 to 2025-12-31",
    ),
    (
        {"grain": "day", "running": {"of": "total", "steps": 7}, "time_range": JANUARY},
        f"""select strftime(d, '%Y-%m-%d'), n, if(d < '2025-01-07', null, sum(n) over (order by d rows 6 preceding))
            from (select d, count(submitted_date) n
                from generate_series(date '2025-01-01', date '2025-01-20', interval 1 day) s(d)
                left join {CASES} on submitted_date = d group by 1) order by 1""",
        "7-day moving total of Complaints by day from 2025-01-01 to 2025-01-20",
    ),
    (
        {"metrics": ["pgr_avg_turnaround_hours"], "grain": "month", "running": {"of": "average"}, "time_range": NOW},
        f"""select strftime(m, '%Y-%m-01'), n, avg(n) over (order by m) from (select date_trunc('month', submitted_date)
            m, avg(turnaround_hours) n from {CASES} where {IN_NOW} group by 1) order by 1""",
        "running average of Average turnaround by month from 2025-07-01 to 2025-12-31",
    ),
    (
        {"grain": "day", "count": True, "having": [FEW], "time_range": NOW},
        f"select 184 - count(distinct submitted_date) from {CASES} where {IN_NOW}",
        "how many days with less than 1 Complaints from 2025-07-01 to 2025-12-31",
    ),
    # one as a percentage of another
    (
        {"metrics": ["pgr_closed_complaints", "pgr_complaints"], "ratio": True, "percent": True, "group_by": [CHANNEL],
         "having": [{"metric": "pgr_closed_complaints__per__pgr_complaints", "comparator": "ge", "value": 0.1}]},
        f"""select channel, count(*) filter (status = 'CLOSED') c, count(*), c / count(*) from {CASES}
            group by 1 order by 1""",
        "Closed complaints as a percentage of Complaints by Channel with Closed complaints as a percentage "
        "of Complaints "
        "at least 10.0 %",
    ),
    # another time than the metric's own
    (
        {"grain": "month", "time_of": CLOSED},
        f"""select strftime(date_trunc('month', closed_at), '%Y-%m-01'), count(*) from {CASES}
            where closed_at is not null group by 1 order by 1""",
        "Complaints by month of Closed at",
    ),
    (
        {"grain": "month", "time_of": CLOSED, "time_range": NOW, "group_by": [CHANNEL]},
        f"""select strftime(date_trunc('month', closed_at), '%Y-%m-01'), channel, count(*) from {CASES}
            where closed_at >= '2025-07-01' and closed_at < '2026-01-01' group by 1, 2 order by 1, 2""",
        "Complaints by Channel and month of Closed at with Closed at from 2025-07-01 to 2025-12-31",
    ),
    (
        {"time_of": CLOSED, "time_range": NOW, "compare_with": BEFORE},
        f"""select a, b, (a - b) / b from (select
            count(*) filter (closed_at >= '2025-07-01' and closed_at < '2026-01-01')::double a,
            count(*) filter (closed_at >= '2025-01-01' and closed_at < '2025-07-01')::double b from {CASES})""",
        "Complaints with Closed at from 2025-07-01 to 2025-12-31 compared with 2025-01-01 to 2025-06-30",
    ),
    (
        {"grain": "month", "time_of": CLOSED, "time_range": NOW, "average": True},
        f"select count(*) / 6 from {CASES} where closed_at >= '2025-07-01' and closed_at < '2026-01-01'",
        "average Complaints per month of Closed at with Closed at from 2025-07-01 to 2025-12-31",
    ),
    (
        {"grain": "month", "time_of": CLOSED, "limit": 1, "ties": True,
         "order_by": [{"field": "pgr_complaints", "descending": True}]},
        f"""select strftime(date_trunc('month', closed_at), '%Y-%m-01'), count(*) n from {CASES}
            where closed_at is not null group by 1 order by 2 desc limit 1""",
        "month of Closed at with the highest Complaints",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("parts", "sql", "words"), TRUTHS, ids=[words[:40] for _, _, words in TRUTHS])
def test_rows_are_those_of_the_sql(
    answerer: Answerer, asked_lake: Lake, parts: dict[str, Any], sql: str, words: str
) -> None:
    answer = check(answerer, asked_lake, COMPLAINTS | parts, sql)
    assert answer.plan and as_question(answer.plan, answerer.vocabulary()) == words


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"metrics": ["pgr_sla_breach_rate"], "grain": "month", "running": {"of": "total"}}, "not_answerable"),
        ({"group_by": [WARD], "having": [MEAN | {"of": "overall"}]}, "bad_comparison"),
        ({"metrics": ["pgr_complaints_mom"], "grain": "month", "time_of": CLOSED}, "not_answerable"),
        ({"time_of": CHANNEL, "time_range": NOW}, "unknown_dimension"),
    ],
)
def test_what_does_not_add_up_is_refused(answerer: Answerer, parts: dict[str, Any], code: str) -> None:
    answer = answerer.run(Plan.model_validate(COMPLAINTS | parts))
    assert (answer.outcome, answer.error) == ("refused", code)
