"""The first page's data over real HTTP: true figures, of the caller's tenant alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.home.unusual import OLDEST, UnusualReader, shown
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from tests.service.conftest import NOW, Served

CASES = "gold.gold_pgr_case_lifecycle"


def home(served: Served, holder: str | None = None) -> dict[str, Any]:
    with served.client(holder) as client:
        response = client.get("/home", params={"now": NOW})
    assert response.status_code == 200, response.text
    return response.json()


def figures(page: dict[str, Any], domain: str) -> dict[str, Any]:
    (found,) = [one for one in page["domains"] if one["domain"] == domain]
    return {figure["metric"]: figure for figure in found["figures"]} | {"": found}


def counted(lake: Lake, first: date, tenant: str = "%") -> int:
    sql = f"select count(*) as n from {CASES} where submitted_date between ? and ? and tenant_id like ?"
    with lake.session() as session:
        return session.query(sql, [first, first + timedelta(days=6), tenant]).to_pylist()[0]["n"]


def test_the_figures_are_those_of_the_last_whole_week_and_the_one_before(service: Served, asked_lake: Lake) -> None:
    found = figures(home(service), "pgr")
    assert (found[""]["title"], found[""]["dashboards"], found[""]["problem"]) == ("Complaints", ["pgr.complaints"], "")
    first = date.fromisoformat(found[""]["period"]["start"])
    assert first.weekday() == 0
    complaints = found["pgr_complaints"]
    assert complaints["value"] == counted(asked_lake, first)
    assert complaints["before"] == counted(asked_lake, first - timedelta(days=7))
    assert complaints["trend"]["values"][-2:] == [complaints["before"], complaints["value"]]
    assert complaints["change"] == pytest.approx(complaints["value"] / complaints["before"] - 1)
    assert found["pgr_backlog"]["good"] == "down"
    assert found[""]["starters"][0]["question"].startswith("complaints by ")


def test_a_tenant_sees_its_own_figures(keyed: Served, asked_lake: Lake) -> None:
    found = figures(home(keyed, "amritsar"), "pgr")
    first = date.fromisoformat(found[""]["period"]["start"])
    assert found["pgr_complaints"]["value"] == counted(asked_lake, first, "pb.amritsar")
    plans = [figure["plan"] for name, figure in found.items() if name]
    assert plans and "pb.jalandhar" not in str(found)


def test_what_is_unusual_is_told_to_whom_it_concerns(service: Served, keyed: Served, unusual: str) -> None:
    (told,) = figures(home(service), "pgr")[""]["unusual"]
    assert (told["sentence"], told["kind"], told["good"], told["until"]) == (unusual, "shift", False, "2026-02-19")
    with service.client() as client:
        looked_up = client.post("/query", json=told["plan"])
    assert looked_up.status_code == 200, looked_up.text
    assert [one["sentence"] for one in figures(home(keyed, "amritsar"), "pgr")[""]["unusual"]] == [
        unusual.replace("31", "11")
    ]
    with keyed.client("jalandhar") as client:
        assert all(not one["unusual"] for one in client.get("/home", params={"now": NOW}).json()["domains"])


def test_what_was_judged_long_ago_is_no_news(unusual: str, asked_lake: Lake, answerer: Answerer) -> None:
    heads, caller = asked_lake.catalog.heads(), Caller()
    found = UnusualReader(asked_lake).of(heads, caller, answerer.vocabulary(caller), ["pgr", "sales"])
    judged, today = date(2026, 2, 19), date(2026, 3, 30)
    assert [one.sentence for one in shown(found, "pgr", judged + OLDEST, today)] == [unusual]
    assert shown(found, "pgr", judged + OLDEST + timedelta(days=1), today) == ()
    assert shown(found, "pgr", judged, judged) == (), "of a day that is not over"
    assert shown(found, "sales", judged, today) == ()
