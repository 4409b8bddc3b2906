"""Records: the rows that a figure is computed from, in pages, within what the asker may see."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.answering.document.columns import MASK
from nlq.core.guard import Caller
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary
from nlq.factory import open_foreign
from nlq.wording.explain import as_question
from tests.nlq.answering.test_plan_language import CASES, check, plain
from tests.semantic.hotels import parse_project

STATUS, WARD, DAY = "complaint__status", "complaint__ward_id", "complaint__submitted_date"
SALES = "silver.silver_sales"
IN_WARD_3 = {"dimension": WARD, "values": ["WARD_03"]}
OLD = {"dimension": DAY, "operator": "lt", "values": ["2026-01-01"]}
COLUMNS = "tenant_id, complaint_id, submitted_date"
NEWEST = "order by submitted_date desc, tenant_id, complaint_id"


@pytest.fixture(scope="module")
def hotels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Target folder of another dbt project, whose rows are told apart by an entity that no dimension shows."""
    return parse_project(tmp_path_factory.mktemp("hotels"))


def listed(metric: str = "pgr_complaints", **more: Any) -> dict[str, Any]:
    return {"metrics": [metric], "records": True, **more}


def test_rows_are_listed_with_what_tells_one_from_another(answerer: Answerer, asked_lake: Lake) -> None:
    parts = listed("pgr_open_complaints", filters=[IN_WARD_3, OLD], group_by=[STATUS])
    sql = f"""select {COLUMNS}, status from {CASES} where ward_id = 'WARD_03' and submitted_date < '2026-01-01'
        and is_open {NEWEST}"""
    answer = check(answerer, asked_lake, parts, sql)
    assert [column.label for column in answer.columns] == ["Tenant", "Complaint", "Submitted", "Status"]
    assert answer.sentence == f"Open complaints: {answer.row_count} listed."
    assert answer.chart is None and answer.plan is not None
    assert as_question(answer.plan, answerer.vocabulary()) == (
        "list of Open complaints with Tenant, Complaint, Submitted, Status where Ward is WARD_03 and Submitted is "
        "before 2026-01-01 by Submitted, newest first"
    )


@pytest.mark.parametrize("skip", [0, 7, 698])
def test_pages_follow_one_another(answerer: Answerer, asked_lake: Lake, skip: int) -> None:
    parts = listed(limit=7, skip=skip, group_by=[STATUS])
    answer = check(answerer, asked_lake, parts, f"select {COLUMNS}, status from {CASES} {NEWEST} limit 7 offset {skip}")
    assert answer.truncated is (skip < 690)


def test_only_rows_that_are_meant_are_listed(answerer: Answerer, asked_lake: Lake) -> None:
    order = [{"field": "complaint__complaint_id"}]
    parts = listed("pgr_sla_breaches", group_by=[WARD], order_by=order)
    sql = f"select {COLUMNS}, ward_id from {CASES} where is_sla_breached order by complaint_id"
    check(answerer, asked_lake, parts, sql)


def test_amounts_are_shown_and_may_choose_rows(answerer: Answerer, asked_lake: Lake) -> None:
    parts = listed(
        "pgr_max_turnaround_hours", group_by=[STATUS],
        order_by=[{"field": "pgr_max_turnaround_hours", "descending": True}],
        having=[{"metric": "pgr_max_turnaround_hours", "comparator": "gt", "value": 90}],
    )  # fmt: skip
    sql = f"""select {COLUMNS}, status, turnaround_hours from {CASES} where turnaround_hours > 90
        order by turnaround_hours desc, tenant_id, complaint_id"""
    check(answerer, asked_lake, parts, sql)


def test_without_columns_named_there_are_those_that_tell_most(answerer: Answerer) -> None:
    answer = answerer.run(Plan.model_validate(listed(limit=3)))
    labels = [column.label for column in answer.columns]
    assert labels[:3] == ["Tenant", "Complaint", "Submitted"] and len(labels) == 12
    assert answer.sentence == "Complaints: 3 listed. There are more rows than these 3."
    own = answerer.run(Plan.model_validate(listed(limit=3)), Caller("pb.amritsar", "viewer"))
    assert [column.label for column in own.columns][:2] == ["Complaint", "Submitted"]
    again = answerer.run(own.plan, Caller("pb.amritsar", "viewer")) if own.plan else own
    assert (again.plan, again.rows) == (own.plan, own.rows)


def test_a_tenant_lists_its_own(answerer: Answerer, asked_lake: Lake) -> None:
    answer = answerer.run(Plan.model_validate(listed(group_by=[STATUS])), Caller("pb.amritsar", "viewer"))
    with asked_lake.session() as session:
        own = session.query(f"select complaint_id from {CASES} where tenant_id = 'pb.amritsar'").to_pylist()
    assert {row[0] for row in answer.rows} == {row["complaint_id"] for row in own}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (listed("pgr_sla_breach_rate"), "not_answerable"),
        (listed(order_by=[{"field": "complaint__mood"}]), "unknown_dimension"),
        (listed(group_by=["complaint__mood"]), "unknown_dimension"),
    ],
)
def test_what_cannot_be_listed(answerer: Answerer, parts: dict[str, Any], code: str) -> None:
    answer = answerer.run(Plan.model_validate(parts))
    assert (answer.outcome, answer.error) == ("refused", code)


def test_what_tells_of_a_person_is_masked_and_chooses_nothing(
    answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = answerer.vocabulary()
    personal = {WARD: replace(whole.dimensions[WARD], personal=True)}
    marked = Vocabulary(whole.metrics, {**whole.dimensions, **personal})
    monkeypatch.setattr(answerer._layer, "vocabulary", lambda *_, **__: marked)
    analyst, admin = Caller(role="analyst"), Caller(role="admin")
    for parts in (listed(group_by=[WARD], limit=60), {"metrics": ["pgr_complaints"], "group_by": [WARD]}):
        plan = Plan.model_validate(parts)
        shown = {row[-2 if not plan.records else -1] for row in answerer.run(plan, analyst).rows}
        assert shown == {MASK, None}
        assert "WARD_01" in {row[-2 if not plan.records else -1] for row in answerer.run(plan, admin).rows}
    assert answerer.vocabulary(analyst).dimensions[WARD].values.items == ()
    for parts in (listed(filters=[IN_WARD_3]), listed(order_by=[{"field": WARD}])):
        refused = answerer.run(Plan.model_validate(parts), analyst)
        assert (refused.outcome, refused.error) == ("refused", "personal")
        assert answerer.run(Plan.model_validate(parts), admin).outcome == "answered"
    counted = Plan.model_validate({"metrics": ["pgr_complaints"], "group_by": [WARD], "count": True})
    assert answerer.run(counted, analyst).rows == ((4,),)


def test_rows_that_look_alike_are_rows_of_their_own(hotels: Path, tmp_path: Path) -> None:
    database = hotels.parent / "hotels.duckdb"
    settings = Settings(profile="local", home=tmp_path, landing="", dagster_home=None)
    foreign = open_foreign(settings, hotels.parent, database)
    answer, of_hotels = (
        foreign.run(Plan.model_validate({"records": True, **parts}))
        for parts in ({"metrics": ["bookings"], "group_by": ["booking__board"]}, {"metrics": ["nights"]})
    )
    with open_instance() as con:
        con.execute(f"attach '{database}' as made (read_only)")
        rows = con.execute("""select arrival, board, town, joined, cast(date_trunc('hour', seen) as varchar),
            nights from made.stays.bookings left join made.stays.hotels using (hotel_id)
            left join made.stays.owners using (owner_id) order by 1 desc, 2, 3 nulls last""").fetchall()
    assert [column.label for column in of_hotels.columns] == ["Arrival", "Board", "Town", "Joined", "Seen", "Nights"]
    assert sorted(map(repr, plain(of_hotels.rows))) == sorted(map(repr, plain(rows)))
    assert plain(answer.rows) == [row[:2] for row in plain(rows)]
    assert len(set(answer.rows)) < len(answer.rows) == 60
