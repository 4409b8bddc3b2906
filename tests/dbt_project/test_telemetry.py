"""Telemetry built in steps is telemetry built at once: histories, late users, sessions; intervals and the score."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.domains.sampling import Defects
from lakehouse_assets.domains.telemetry.sample import write_sample
from lakehouse_assets.ingest.loads.loader import load
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project.building import build, build_in_steps, load_all, new_lake, table, tables
from tests.dbt_project.telemetry import MODELS, Sent, part, session, step, use, user

DAY = datetime(2026, 3, 30)
USES = (
    "users_snapshot", "stg_users", "stg_feature_events", "stg_sessions", "int_user_sessions", "mart_user_sessions",
    "mart_feature_usage_hourly",
)  # fmt: skip
SESSIONS = (*USES, "mart_dashboard_overview")
EXPERIMENTS = ("users_snapshot", "stg_users", "stg_experiments", "mart_experiment_results")
SCORED = ("users_snapshot", "stg_users", "telemetry_quarantine", "mart_data_quality")
SLOW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


# --- uses, whose users come late or change afterwards

hours = st.integers(0, 24 * 45).map(lambda h: DAY + timedelta(hours=h))
names = st.sampled_from(["a", "b"])
records = st.one_of(
    st.builds(user, names, hours, st.sampled_from(["Free", "Premium"])),
    st.builds(use, names, hours, st.sampled_from(["search", "alerts"]), events=st.integers(1, 9)),
)
user_loads = st.lists(st.tuples(st.lists(records, min_size=1, max_size=9), st.booleans()), min_size=1, max_size=3)


@SLOW
@given(user_loads)
def test_a_use_has_the_tier_its_user_then_had_whatever_order_things_come_in(
    loads: list[tuple[list[Sent], bool]],
) -> None:
    with new_lake() as lake:
        build_in_steps(lake, [sent for sent, _ in loads], USES, [wait for _, wait in loads])
        in_steps = tables(lake, USES)
        found = table(lake, "gold.mart_feature_usage_hourly")
        build(lake, USES)
        assert tables(lake, USES) == in_steps
    shown = [(r["user_id"], r["feature"], r["window_start"], r["event_count"], r["user_segment"]) for r in found]
    assert sorted(shown) == uses([record for sent, _ in loads for record in sent])


def uses(sent: Sequence[Sent]) -> list[tuple[Any, ...]]:
    """User, feature, hour, count and tier of each use by a known user; a later copy counts."""
    tiers: dict[str, dict[datetime, str]] = {}
    for r in sent:
        if r.table == "users":
            tiers.setdefault(r.values["user_id"], {})[r.at] = r.values["condition"]
    latest = {r.key: r for r in sent if r.table == "feature_usage_hourly"}
    found = []
    for r in latest.values():
        if known := sorted(tiers.get(r.values["user_id"], {}).items()):
            held = [tier for at, tier in known if at <= r.at] or [known[0][1]]
            found.append((r.values["user_id"], r.values["feature"], r.at, r.values["event_count"], held[-1]))
    return sorted(found)


def test_an_orphan_is_held_back_and_healed_by_its_user(lake: Lake) -> None:
    at = DAY + timedelta(hours=9)
    sent = [
        use("late", at),
        part("late", "e", "control", at),
        step("late", 1, at),
        user("known", DAY),
        use("known", at),
    ]
    build(lake, MODELS, load_all(lake, sent, 0), tests=True)
    held = table(lake, "silver.telemetry_quarantine")
    assert {(r["table_name"], r["missing_id"]) for r in held} == {
        ("feature_usage_hourly", "late"), ("experiments", "late"), ("funnel_events", "late"),
    }  # fmt: skip
    assert [r["user_id"] for r in table(lake, "gold.mart_feature_usage_hourly")] == ["known"]
    assert score(lake) == pytest.approx(100 * 2 / 5)

    # The user comes in a load and a build of its own, on a day far from that of its uses.
    build(lake, MODELS, load_all(lake, [user("late", DAY - timedelta(days=50))], 1), tests=True)

    assert table(lake, "silver.telemetry_quarantine") == []
    assert [r["user_id"] for r in table(lake, "gold.mart_feature_usage_hourly")] == ["known", "late"]
    assert [r["participants"] for r in table(lake, "gold.mart_experiment_results")] == [1]
    assert score(lake) == 100


def test_a_session_reported_late_gets_its_device_and_its_times(lake: Lake) -> None:
    midnight = DAY + timedelta(days=2)
    late, early = midnight - timedelta(minutes=50), midnight + timedelta(minutes=10)
    build(lake, SESSIONS, load_all(lake, [user("a", DAY), use("a", late), use("a", early, events=4)], 0))
    (found,) = table(lake, "gold.mart_user_sessions")
    assert (found["session_start"], found["session_duration_hours"], found["device"]) == (
        midnight - timedelta(hours=1), 2.0, None,
    )  # fmt: skip

    build(lake, SESSIONS, load_all(lake, [session("s", "a", late, minutes=75)], 1))

    (found,) = table(lake, "gold.mart_user_sessions")
    assert (found["session_start"], found["session_duration_hours"], found["device"]) == (late, 1.25, "MOBILE")
    assert (found["total_events"], found["duration_band"]) == (5, "1-2 h")
    (overview,) = (r for r in table(lake, "gold.mart_dashboard_overview") if r["session_count"])
    assert (overview["metric_date"], overview["session_hours"]) == (late.date(), 1.25)


def random_feed(rng: random.Random) -> list[list[Sent]]:
    """Loads of a few users' affairs over two months, shuffled, some corrected and some of users never sent."""
    sent: list[Sent] = []
    for name in "abc":
        for d in rng.sample(range(60), rng.choice([1, 2, 3])):
            sent.append(user(name, DAY + timedelta(days=d, hours=5), rng.choice(["Free", "Trial", "Premium"])))
    for number in range(25):
        name, at = rng.choice("abcd"), DAY + timedelta(hours=rng.randrange(60 * 24))
        for hour in range(rng.randint(1, 3)):
            feature = rng.choice(["search", "alerts", "comments"])
            events = rng.randint(1, 9)
            sent.append(use(name, at + timedelta(hours=hour), feature, events=events, session=f"{name}{number}"))
        if rng.random() < 0.7:
            sent.append(session(f"{name}{number}", name, at, minutes=rng.randint(1, 200)))
    for name in "abcd":
        at = DAY + timedelta(days=rng.randrange(40))
        sent += [step(name, order, at + timedelta(hours=order)) for order in (1, 2, 3) if rng.random() < 0.8]
        variant = rng.choice(["control", "treatment_a"])
        sent += [
            part(name, "e", variant, at),
            *([part(name, "e", variant, at, DAY + timedelta(days=50))] * (name < "c")),
        ]
    rng.shuffle(sent)
    loads = []
    while sent:
        size = rng.randint(50, 90)
        batch, sent = sent[:size], sent[size:]
        again = [r for r in rng.sample(batch, min(6, len(batch))) if r.table in ("sessions", "funnel_events")]
        loads += [batch, [replace(r, at=r.at - timedelta(days=rng.choice([0, 1, 9]))) for r in again] or batch[:1]]
    return loads


def test_any_order_of_loads_gives_what_one_build_gives(lake: Lake) -> None:
    rng = random.Random(7)
    loads = random_feed(rng)
    build_in_steps(lake, loads, MODELS, [rng.random() < 0.3 for _ in loads])
    step_by_step = tables(lake, MODELS)

    build(lake, MODELS, as_if_large=True)

    at_once = tables(lake, MODELS)
    assert len(at_once["mart_user_sessions"]) > 5 and at_once["telemetry_quarantine"]
    for name in MODELS:
        assert step_by_step[name] == at_once[name], name


# --- experiments


@pytest.fixture(scope="module")
def intervals() -> duckdb.DuckDBPyConnection:
    """Wilson's and Newcombe's intervals as the macros write them."""
    import jinja2

    from lakehouse_assets.settings.lake import PROJECT_ROOT

    macros = (PROJECT_ROOT / "dbt_project" / "macros" / "proportions.sql").read_text()
    written = jinja2.Environment().from_string(
        macros
        + "create macro low(x, n) as {{ wilson_low('x', 'n') }};"
        + "create macro high(x, n) as {{ wilson_high('x', 'n') }};"
        + "create macro diff_low(x, n, y, m) as "
        + "{{ newcombe_low('x / n', 'low(x, n)', 'y / m', 'high(y, m)') }};"
        + "create macro diff_high(x, n, y, m) as "
        + "{{ newcombe_high('x / n', 'high(x, n)', 'y / m', 'low(y, m)') }};"
    )
    con = open_instance()
    con.execute(written.render())
    return con


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # The four examples of R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_of_a_rate_are_those_published(
    intervals: duckdb.DuckDBPyConnection, successes: int, trials: int, low: float, high: float
) -> None:
    found = intervals.execute("select low(?, ?), high(?, ?)", [successes, trials] * 2).fetchone()
    assert found == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Examples of R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_intervals_of_a_difference_are_those_published(
    intervals: duckdb.DuckDBPyConnection, first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    both = [*map(float, (*first, *second))]
    found = intervals.execute("select diff_low(?, ?, ?, ?), diff_high(?, ?, ?, ?)", both * 2).fetchone()
    assert found == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_ends_of_an_interval_are_the_rates_that_the_score_test_just_accepts(
    intervals: duckdb.DuckDBPyConnection, counted: tuple[int, int]
) -> None:
    successes, trials = counted
    ends = intervals.execute("select low(?, ?), high(?, ?)", [*counted, *counted]).fetchone()
    assert ends is not None and 0 <= ends[0] <= successes / trials <= ends[1] <= 1
    for rate in ends:
        if 0 < rate < 1:
            z = abs(successes / trials - rate) / sqrt(rate * (1 - rate) / trials)
            assert z == pytest.approx(1.959963984540054, rel=1e-4)


def test_a_treatment_is_compared_with_its_control(lake: Lake) -> None:
    sent = [user("u", DAY)]
    for variant, participants, conversions in (("control", 80, 48), ("treatment_a", 70, 56)):
        for n in range(participants):
            name = f"{variant}{n}"
            sent += [user(name, DAY), part(name, "e", variant, DAY + timedelta(days=1))]
            if n < conversions:
                sent.append(part(name, "e", variant, DAY + timedelta(days=1), DAY + timedelta(days=1, hours=6)))
    build(lake, EXPERIMENTS, load_all(lake, sent, 0))
    control, treated = table(lake, "gold.mart_experiment_results")
    assert (control["participants"], control["conversions"], control["difference"]) == (80, 48, None)
    assert control["is_significant"] is None
    assert (treated["participants"], treated["conversions"]) == (70, 56)
    ends = treated["difference"], treated["difference_low"], treated["difference_high"]
    assert ends == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert treated["relative_lift"] == pytest.approx(0.2 / 0.6)
    assert treated["is_significant"] and treated["avg_hours_to_convert"] == 6


# --- the quality of the data


def score(lake: Lake) -> float:
    """Sound records per 100 received, over all tables."""
    rows = table(lake, "gold.mart_data_quality")
    return 100 * sum(r["records_sound"] for r in rows) / sum(r["records_received"] for r in rows)


def scored(lake: Lake, folder: Path, defects: Defects) -> float:
    """The score of a sample with these defects."""
    made = write_sample(folder, size=1500, files=2, defects=defects)
    for source, files in made.files.items():
        load(lake, [str(path) for path in files], source)
    build(lake, SCORED)
    received = sum(r["records_received"] for r in table(lake, "gold.mart_data_quality"))
    refused = sum(r["records_refused"] for r in table(lake, "gold.mart_data_quality"))
    repeated = sum(r["records_repeated"] for r in table(lake, "gold.mart_data_quality"))
    # The score is of what is made anew day by day; calls of the API, a stream, would have it counted at every one.
    with lake.session() as session:
        (calls,) = session.query(
            "select sum(rows_read) as records, sum(rows_quarantined) as refused, (select count(*) "
            "- count(distinct record_key) from bronze.api_calls) as repeated from bronze.loads "
            "where target_table = 'bronze.api_calls'"
        ).to_pylist()
    assert received + calls["records"] == made.rows and calls["records"] > 0
    assert (refused + calls["refused"], repeated + calls["repeated"]) == (made.broken, made.duplicates)
    return score(lake)


def test_the_sample_is_at_least_95_percent_sound_and_damage_lowers_the_score(tmp_path: Path) -> None:
    with new_lake() as first, new_lake() as second:
        usual = scored(first, tmp_path / "usual", Defects())
        damaged = scored(second, tmp_path / "damaged", Defects(late=0.02, duplicate=0.08, broken=0.1))
    assert 95 <= usual < 100
    assert damaged < usual - 10
