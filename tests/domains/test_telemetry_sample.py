"""The sample of an application: what the summary promises, sources that agree with each other, the same bytes again."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.domains.sampling import LAST_DAY, Defects, SampleSummary
from lakehouse_assets.domains.telemetry.sample import FIRST_DAY, write_sample
from tests.domains.reading import (
    DEFECTS,
    NONE,
    Record,
    Sound,
    assert_counts_are_those_of_the_files,
    content,
    sound_records,
)

FUNNEL = ("user_id", "reached_at", "step_order")
SOUND: dict[str, Sound] = {
    "telemetry_users": ("user_id", "updated_at", "age"),
    "feature_usage_hourly": ("user_id", "window_start", "event_count"),
    "telemetry_sessions": ("session_id", "session_start", None),
    "telemetry_experiments": ("user_id", "assigned_at", None),
    "funnel_onboarding": FUNNEL,
    "funnel_feature_adoption": FUNNEL,
    "funnel_workflow_completion": FUNNEL,
    "telemetry_api_calls": ("call_id", "called_at", "duration_ms"),
}


def make(folder: Path, size: int = 4000, defects: Defects = DEFECTS, **options: Any) -> SampleSummary:
    return write_sample(folder, size=size, files=3, defects=defects, **options)


def records(summary: SampleSummary, source: str) -> list[Record]:
    """The sound records of a source, in the order of its files."""
    return sound_records(summary.files[source], SOUND[source])


def who(record: Record) -> tuple[str, str]:
    return record["tenant_id"], record["user_id"]


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return make(tmp_path_factory.mktemp("spoiled"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return make(tmp_path_factory.mktemp("sound"), 22_000, NONE)


def test_counts_are_those_of_the_files(spoiled: SampleSummary) -> None:
    assert_counts_are_those_of_the_files(spoiled, sum(len(records(spoiled, source)) for source in SOUND))


def test_same_seed_same_bytes(spoiled: SampleSummary, tmp_path: Path) -> None:
    assert content(make(tmp_path / "again")) == content(spoiled)
    assert content(make(tmp_path / "other", seed=7)) != content(spoiled)


@pytest.mark.parametrize("size", [1, 2, 30])
def test_tiny_samples(size: int, tmp_path: Path) -> None:
    assert len(records(make(tmp_path, size, NONE), "feature_usage_hourly")) == size


def test_the_usual_sample_is_that_of_the_reference(sound: SampleSummary) -> None:
    uses = records(sound, "feature_usage_hourly")
    assert len(uses) == 22_000
    assert 490 <= len({who(r) for r in records(sound, "telemetry_users")}) <= 500
    assert len({r["feature"] for r in uses}) == 15
    assert (min(r["at"] for r in uses).date(), max(r["at"] for r in uses).date()) == (FIRST_DAY, LAST_DAY)
    assert (LAST_DAY - FIRST_DAY).days == 89
    keys = Counter((*who(r), r["feature"], r["at"]) for r in uses)
    assert max(keys.values()) == 1
    assert all(1 <= int(r["event_count"]) <= 100 and r["at"].minute == 0 for r in uses)


def test_sources_agree_but_for_the_few_that_are_never_sent(sound: SampleSummary) -> None:
    users = {who(r) for r in records(sound, "telemetry_users")}
    uses = records(sound, "feature_usage_hourly")
    orphans = sum(who(r) not in users for r in uses)
    assert 0 < orphans < 0.02 * len(uses)
    hours: dict[tuple[str, str], set[datetime]] = defaultdict(set)
    for r in uses:
        hours[r["tenant_id"], r["session_id"]].add(r["at"])
    sessions = {(r["tenant_id"], r["session_id"]): r for r in records(sound, "telemetry_sessions")}
    assert sessions.keys() <= hours.keys() and 0.98 < len(sessions) / len(hours) < 1
    for key, reported in sessions.items():
        assert reported["at"].replace(minute=0, second=0) <= min(hours[key])
        assert reported["at"] < datetime.fromisoformat(reported["session_end"])


def test_no_one_uses_anything_before_signing_up(sound: SampleSummary) -> None:
    signed_up = {who(r): datetime.fromisoformat(r["first_seen"]) for r in records(sound, "telemetry_users")}
    early = [r for r in records(sound, "feature_usage_hourly") if who(r) in signed_up and r["at"] < signed_up[who(r)]]
    # An hour begins before what happens in it.
    assert all((signed_up[who(r)] - r["at"]).total_seconds() < 3600 for r in early)


def test_working_days_a_few_features_and_a_few_users_make_most_of_the_use(sound: SampleSummary) -> None:
    uses = records(sound, "feature_usage_hourly")
    assert sum(r["at"].weekday() >= 5 for r in uses) / len(uses) < 0.2
    features = [n for _, n in Counter(r["feature"] for r in uses).most_common()]
    assert sum(features[:3]) > 0.3 * len(uses)
    people = [n for _, n in Counter(map(who, uses)).most_common()]
    assert sum(people[:50]) > 0.25 * len(uses)
    assert not [r for r in uses if r["feature"] == "ai_assistant" and (r["at"].date() - FIRST_DAY).days < 36]


def test_funnels_narrow_and_steps_follow_each_other(sound: SampleSummary) -> None:
    for funnel in ("onboarding", "feature_adoption", "workflow_completion"):
        steps = records(sound, f"funnel_{funnel}")
        counts = [n for _, n in sorted(Counter(int(r["step_order"]) for r in steps).items())]
        assert len(counts) == 5 and counts == sorted(counts, reverse=True) and counts[-1] > 20
        at = {(who(r), int(r["step_order"])): r["at"] for r in steps}
        assert all(at[user, n - 1] <= moment for (user, n), moment in at.items() if (user, n - 1) in at)


def test_goals_of_experiments_come_after_the_assignment(sound: SampleSummary) -> None:
    states = records(sound, "telemetry_experiments")
    reached = [r for r in states if r["converted_at"]]
    assert 200 < len(reached) < len(states) / 2
    assert all(datetime.fromisoformat(r["converted_at"]) > r["at"] for r in reached)
    parts = Counter((*who(r), r["experiment_id"]) for r in states)
    assert max(parts.values()) == 2
