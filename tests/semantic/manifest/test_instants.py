"""Dimensions that say which columns are instants have days and hours of the project's zone; everything else stays."""

from __future__ import annotations

import copy
from datetime import date, datetime

import pytest

from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.zones import IN_UTC
from semantic.layer import SemanticLayer
from semantic.manifest.instants import on_clock
from semantic.requests.filters import Filter
from tests.zones import local

MANIFEST = {
    "semantic_models": [
        {
            "dimensions": [
                {"name": "at", "type": "time", "expr": "t", "config": {"meta": {"instants": ["t"]}}},
                {"name": "hour", "expr": "extract(hour from t) + n", "config": {"meta": {"instants": ["t"]}}},
                {"name": "day", "type": "time", "expr": "day", "config": {"meta": {}}},
                {"name": "place", "expr": None, "config": None},
            ]
        },
        {"dimensions": None},
    ]
}


def test_only_what_is_said_to_be_an_instant_is_read_by_the_clock() -> None:
    assert on_clock(copy.deepcopy(MANIFEST), IN_UTC, "duckdb") == MANIFEST
    at, hour, *others = on_clock(copy.deepcopy(MANIFEST), DIALECT.local_time("Asia/Kolkata"), "duckdb")[
        "semantic_models"
    ][0]["dimensions"]
    assert others == MANIFEST["semantic_models"][0]["dimensions"][2:]
    with open_instance() as con:
        found = con.execute(
            f"select {at['expr']}, {hour['expr']} from (select timestamp '2024-05-01 18:29' as t, 1 as n)"
        ).fetchone()
    assert found == (datetime(2024, 5, 1, 23, 59), 24)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_complaints_are_counted_on_the_day_on_which_they_were_resolved(asked_lake: Lake, zone: str) -> None:
    layer = SemanticLayer(asked_lake.settings.model_copy(update={"time_zone": zone}))
    with asked_lake.session() as session:
        resolved = "select resolved_at as t from gold.gold_pgr_case_lifecycle where resolved_at is not null"
        cases = session.query(resolved)
        days = [local(at, zone).date() for at in cases.column("t").to_pylist()]
        per_day = layer.query(session, ["pgr_complaints"], ["complaint__resolved_at__day"], names="qualified").rows
        day = days[0]
        on_day = layer.query(
            session, ["pgr_complaints"], [], [Filter("complaint__resolved_at__day", "eq", (day.isoformat(),))]
        ).rows.to_pylist()
    counts = {row["complaint__resolved_at__day"]: row["pgr_complaints"] for row in per_day.to_pylist()}
    assert {d: n for d, n in counts.items() if d} == {d: days.count(d) for d in set(days)}
    assert isinstance(day, date)
    assert [row["pgr_complaints"] for row in on_day] == [days.count(day)]
