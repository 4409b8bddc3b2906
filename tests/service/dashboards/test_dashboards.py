"""Dashboards over real HTTP: what a caller may see of them, and tiles that are what a query gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.settings.lake import PROJECT_ROOT
from nlq.answering.answer import Answerer
from nlq.core.plan import Plan
from tests.service.conftest import NOW, Served, problem

COMPLAINTS = "/dashboards/pgr.complaints"
TENANTS = {"amritsar": "pb.amritsar", "jalandhar": "pb.jalandhar"}


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def tiles(client: httpx.Client, address: str = COMPLAINTS, **body: Any) -> dict[str, Any]:
    response = client.post(f"{address}/tiles", json={"now": NOW, **body})
    assert response.status_code == 200, response.text
    return response.json()


def by_id(page: dict[str, Any]) -> dict[str, Any]:
    return {tile["id"]: tile for tile in page["tiles"]}


def test_every_dashboard_is_listed_and_shown(client: httpx.Client) -> None:
    """But for those of domains without data, which would be empty."""
    listed = {one["id"] for one in client.get("/dashboards").json()["dashboards"] if one["built_in"]}
    declared = set(ProjectDashboards(PROJECT_ROOT).all())
    assert listed == {name for name in declared if name.startswith(("pgr.", "sales."))}
    assert "telemetry.usage" in declared
    shown = client.get(COMPLAINTS).json()
    assert [page["id"] for page in shown["pages"]] == ["backlog", "sla", "wards", "channels", "funnel"]
    wards = shown["filters"][0]
    assert (wards["label"], wards["choices"][0], wards["all_choices"]) == ("Ward", "WARD_01", True)
    assert {"last_90_days", "all"} <= {period["name"] for period in shown["periods"]}
    problem(client.get("/dashboards/pgr.nothing"), 404, "unknown_dashboard")


def test_a_tile_is_the_answer_to_its_plan(client: httpx.Client) -> None:
    page = tiles(client, page="backlog", tiles=["received", "backlog_by_week"])
    assert page["time_range"] == {"start": "2025-11-22", "end": "2026-02-19"}
    received = by_id(page)["received"]
    assert received["chart"]["change"] == "pgr_complaints__change"
    for tile in page["tiles"]:
        plan = {key: value for key, value in tile["answer"]["plan"].items() if value is not None}
        asked = client.post("/query", json=plan)
        assert asked.json()["rows"] == tile["answer"]["rows"], asked.text
        assert tile["answer"]["freshness"]
    assert sum(value for value in received["trend"]["values"] if value) <= received["answer"]["rows"][0][0]
    assert {state["table"] for state in page["freshness"]} == {
        "gold.gold_pgr_case_lifecycle", "gold.gold_pgr_backlog_daily"
    }  # fmt: skip


def test_filters_and_days_narrow_every_tile_that_knows_them(client: httpx.Client) -> None:
    ward = {"dimension": "ward_id", "values": ["WARD_02"]}
    span = {"start": "2026-01-01", "end": "2026-01-31"}
    page = tiles(client, page="wards", filters=[ward], time_range=span)
    assert (page["period"], page["time_range"]) == (None, span)
    for tile in page["tiles"]:
        keys = [column["name"] for column in tile["answer"]["columns"]]
        wards = {row[keys.index("complaint__ward_id")] for row in tile["answer"]["rows"]}
        assert wards == {"WARD_02"}, tile["id"]
    unknown = {"filters": [{"dimension": "colour", "values": ["red"]}], "now": NOW}
    problem(client.post(f"{COMPLAINTS}/tiles", json=unknown), 422, "unknown_dimension")


def test_a_second_look_is_remembered(client: httpx.Client) -> None:
    first, again = tiles(client, page="sla"), tiles(client, page="sla")
    assert all(tile["answer"]["cached"] for tile in again["tiles"])
    assert [t["answer"]["rows"] for t in again["tiles"]] == [t["answer"]["rows"] for t in first["tiles"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"page": "nothing"}, "unknown_page"),
        ({"tiles": ["nothing"]}, "unknown_tile"),
        ({"period": "last_fortnight"}, "invalid_request"),
        ({"sql": "select 1"}, "invalid_request"),
    ],
)
def test_what_is_not_there_is_told(client: httpx.Client, body: dict[str, Any], code: str) -> None:
    problem(client.post(f"{COMPLAINTS}/tiles", json=body), 422, code)


def test_a_tile_that_fails_takes_no_other_with_it(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Answerer.run

    def broken(answerer: Answerer, plan: Plan, *given: Any, **named: Any) -> Any:
        if plan.metrics == ("pgr_sla_breaches",):
            raise RuntimeError("a secret")
        return run(answerer, plan, *given, **named)

    monkeypatch.setattr(Answerer, "run", broken)
    found = by_id(tiles(client, page="sla", time_range={"start": "2026-01-03", "end": "2026-01-30"}))
    failed = found.pop("breaches")["answer"]
    assert (failed["outcome"], failed["error"]) == ("failed", "internal")
    assert "secret" not in str(failed)
    assert {tile["answer"]["outcome"] for tile in found.values()} == {"answered"}


FILTERS = st.lists(
    st.fixed_dictionaries(
        {
            "dimension": st.sampled_from(["ward_id", "channel", "tenant_id", "priority"]),
            "values": st.lists(
                st.sampled_from(["WARD_01", "WEB", "HIGH", "pb.amritsar", "pb.jalandhar"]), min_size=1, max_size=2
            ),
        }
    ),
    max_size=2,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    holder=st.sampled_from(sorted(TENANTS)),
    tile=st.sampled_from(["received", "oldest_wards", "waiting"]),
    filters=FILTERS,
    period=st.sampled_from(["last_90_days", "last_12_months", "all"]),
)
def test_no_tile_shows_another_tenants_rows(
    keyed: Served, holder: str, tile: str, filters: list[dict[str, Any]], period: str
) -> None:
    """Whatever is chosen: the plan that ran is narrowed to the caller's tenant, or nothing ran."""
    with keyed.client(holder) as client:
        found = tiles(client, tiles=[tile], filters=filters, period=period)
        shown = client.get(COMPLAINTS).json()
    (answer,) = [one["answer"] for one in found["tiles"]]
    if answer["outcome"] == "answered":
        own = [f for f in answer["plan"]["filters"] if f["dimension"] == "complaint__tenant_id"]
        assert [f["values"] for f in own] == [[TENANTS[holder]]]
        assert answer["tenant"] == TENANTS[holder]
    else:
        assert not answer["rows"]
    (cities,) = [item for item in shown["filters"] if item["dimension"] == "tenant_id"]
    assert cities["choices"] == [TENANTS[holder]]
