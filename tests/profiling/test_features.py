"""How far features moved: which days are compared, by which measure, on how many rows, and kept with the profile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, cast

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from lakehouse_assets.features.drift import Spread
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.profiling import compute, features
from lakehouse_assets.profiling.features import with_drift
from lakehouse_assets.profiling.kept import KeptProfiles
from lakehouse_assets.profiling.tables import Profiles
from nlq.core.guard import Caller
from tests.features.moved_stores import DAYS, STORES, TABLE, VIEW, moved_stores

FIRST = date(2026, 1, 1)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_closed() as opened:
        yield opened


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return moved_stores(tmp_path_factory.mktemp("moved"))


def compared(con: duckdb.DuckDBPyConnection, days: list[int], rows: int = 200) -> Any:
    """What is compared where there are so many rows on each of some days after FIRST."""
    listed = ", ".join(f"(date '{FIRST + timedelta(days=d)}')" for d in days)
    con.execute(
        "create or replace table t as select 'e' || i as store_id, 't' as tenant_id, col0 as feature_date, "
        f"i as average_basket_28d from (values {listed}), range({rows}) as r (i)"
    )

    def run(sql: str):
        return con.execute(sql).to_arrow_table()

    return with_drift(compute.profile_of("t", run, DIALECT), [VIEW], "t", run, DIALECT)


@pytest.mark.parametrize(
    ("days", "newest", "before"),
    [
        (list(range(60)), (53, 59), (25, 52)),
        (list(range(0, 70, 7)), (63, 63), (35, 56)),
        ([0, 31, 59, 90, 120, 151], (151, 151), (31, 120)),
        ([0, 1, 2, 3, 30], (30, 30), (0, 3)),
        ([0, 30], (30, 30), (0, 0)),
    ],
)
def test_the_newest_week_is_beside_four_times_as_many_days_before(con, days, newest, before) -> None:
    found = compared(con, days).compared
    assert found.newest == tuple(FIRST + timedelta(days=d) for d in newest)
    assert found.before == tuple(FIRST + timedelta(days=d) for d in before)
    assert found.rows_before == 200 * sum(before[0] <= d <= before[1] for d in days)
    assert not found.note


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 400), min_size=1, max_size=90))
def test_no_day_is_on_both_sides_and_none_is_left_out_between_them(con, days: set[int]) -> None:
    found = compared(con, sorted(days), rows=1).compared
    (first, last), there = found.newest, [FIRST + timedelta(days=d) for d in sorted(days)]
    assert last == there[-1] and last - first < timedelta(days=7)
    if found.before:
        assert there[there.index(found.before[1]) + 1] == first
        assert found.rows_before <= 4 * found.rows


@pytest.mark.parametrize(("days", "rows", "told"), [([5], 200, "days before"), ([0, 20], 99, "100 rows on each side")])
def test_why_nothing_can_be_told_is_said(con, days: list[int], rows: int, told: str) -> None:
    found = compared(con, days, rows)
    assert told in found.compared.note
    assert not any(c.drift for c in found.columns)


def test_the_index_is_that_which_models_are_watched_by(lake: Lake, tmp_path) -> None:
    profiles: Any = Profiles(lake, f"sqlite:///{tmp_path}/questions.db")
    found = profiles.of(TABLE)
    with lake.session() as session:
        rows = cast(
            pl.DataFrame,
            pl.from_arrow(session.query(f"select feature_date, average_basket_28d, conversion_7d from {TABLE}")),
        )
    since = FIRST + timedelta(days=DAYS - 7)
    now, then = rows.filter(pl.col("feature_date") >= since), rows.filter(
        pl.col("feature_date").is_between(since - timedelta(days=28), since - timedelta(days=1))
    )  # fmt: skip
    for name in ("average_basket_28d", "conversion_7d"):
        assert found.column(name).drift.index == pytest.approx(Spread.of(then[name]).index(now[name]), abs=1e-4)
    assert (found.compared.rows, found.compared.rows_before) == (7 * STORES, 28 * STORES)
    words = {c.name: c.drift.word for c in found.columns if c.drift}
    assert words.keys() == set(VIEW.features)
    assert {name for name, word in words.items() if word != "steady"} == {"average_basket_28d"}
    profiles.close()


def test_of_many_rows_on_a_side_those_of_some_entities_are_read(lake: Lake, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(features, "MOST_ROWS", 28 * STORES // 3)
    asked: list[str] = []
    told = features._statement

    def noted(*parts):
        asked.append(sql := told(*parts))
        return sql

    monkeypatch.setattr(features, "_statement", noted)
    profiles: Any = Profiles(lake, f"sqlite:///{tmp_path}/questions.db")
    found = profiles.of(TABLE)
    with lake.session() as session:
        before, newest = (
            len(session.query(f"select distinct store_id from ({sql.replace('select ', 'select store_id, ', 1)})"))
            for sql in asked
        )
    assert 0 < before < newest == STORES
    assert found.column("average_basket_28d").drift.word == "moved"
    profiles.close()


def test_it_is_kept_with_the_profile_and_made_again_where_an_earlier_version_kept_none(
    lake: Lake, tmp_path, monkeypatch
) -> None:
    url = f"sqlite:///{tmp_path}/questions.db"
    profiles: Any = Profiles(lake, url)
    found = profiles.of(TABLE)
    kept = KeptProfiles(url)
    kept.keep(found.model_copy(update={"compared": None}))
    assert profiles.of(TABLE).compared == found.compared
    monkeypatch.setattr(features, "with_drift", lambda *_: pytest.fail("computed again"))
    monkeypatch.setattr(compute, "profile_of", lambda *_, **__: pytest.fail("computed again"))
    started = time.thread_time()
    assert profiles.of(TABLE).column("average_basket_28d").drift == found.column("average_basket_28d").drift
    assert time.thread_time() - started < 0.2
    kept.close()
    profiles.close()


def test_a_tenant_is_told_of_the_own_rows_and_what_is_hidden_tells_no_value(lake: Lake, tmp_path) -> None:
    profiles: Any = Profiles(lake, f"sqlite:///{tmp_path}/questions.db")
    shown = profiles.shown_to(Caller(tenant="ph.b", role="analyst"), TABLE)
    assert (shown.compared.rows, shown.compared.note[:3]) == (7 * 8, "How")
    assert "ph.a" not in json.dumps(shown.to_json())
    hidden = profiles.of(TABLE).without_values({"average_basket_28d"}).column("average_basket_28d")
    assert hidden.hidden and hidden.mean is None and hidden.drift.word == "moved"
    profiles.close()


def test_the_command_says_it_in_a_word(lake: Lake, monkeypatch) -> None:
    monkeypatch.setenv("ASKLAKE_HOME", str(lake.settings.home))
    shown = CliRunner().invoke(app, ["profile", TABLE]).stdout
    assert "drift: 2026-02-23 to 2026-03-01 (140 rows) beside 2026-01-26 to 2026-02-22 (560)" in shown
    assert "moved (" in shown and "steady (0.00)" in shown
    of_one = CliRunner().invoke(app, ["profile", TABLE, "--column", "average_basket_28d", "--json"])
    assert json.loads(of_one.stdout)["columns"][0]["drift"]["word"] == "moved"
