"""The heart of the transform: days built one after another, in any order, give what one build of everything gives."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project.building import PGR_MODELS, SALES_MODELS, Event, Line, build, closed, load, table, tables

EVENTS, SALES = "bronze.service_events_raw", "bronze.sample_sales"
START = datetime(2024, 1, 20)
TYPES = ("CREATED", "ASSIGNED", "RESOLVED", "CLOSED", "REOPENED")


def random_feed(rng: random.Random) -> list[list[Event]]:
    """Loads of events of some 25 complaints over three months: late, shuffled, illegal, corrected, moved, repeated."""
    events = []
    for case in range(rng.randint(8, 25)):
        at = START + timedelta(minutes=rng.randrange(60 * 24 * 60))
        steps = ["CREATED", *rng.choices(TYPES[1:], k=rng.randrange(6))]
        if rng.random() < 0.1:
            steps[0] = "ASSIGNED"
        if rng.random() < 0.1:
            steps.append("CREATED")
        for number, step in enumerate(steps):
            events.append(
                Event(
                    key=f"{case}-{number}",
                    complaint=f"C{case}",
                    type=step,
                    time=at,
                    ward=rng.choice(["WARD_01", "WARD_02", None]) if rng.random() < 0.3 else "WARD_01",
                    channel=rng.choice(["WEB", None]),
                    sla_hours=rng.choice([24, 48, None]),
                    tenant=f"pb.{case % 2}",
                )
            )
            at += timedelta(minutes=rng.choice([0, 30, 60 * 24, 60 * 24 * rng.randint(1, 25)]))
    if rng.random() < 0.7:
        rng.shuffle(events)
    else:
        events.sort(key=lambda e: e.time)
    loads: list[list[Event]] = []
    while events:
        size = rng.randint(5, 40)
        loads.append(events[:size])
        events = events[size:]
        if rng.random() < 0.5:
            loads.append([_corrected(rng, e) for e in rng.sample(loads[-1], min(3, len(loads[-1])))])
    return loads


def _corrected(rng: random.Random, event: Event) -> Event:
    """The event again, with something about it changed."""
    return rng.choice(
        [
            event,
            replace(event, time=event.time + timedelta(days=rng.randint(-40, 40))),
            replace(event, type=rng.choice(TYPES)),
            replace(event, ward="WARD_09", sla_hours=1),
        ]
    )


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_loads_gives_what_one_build_gives(lake: Lake, seed: int) -> None:
    rng = random.Random(seed)
    pending: set = set()
    for number, records in enumerate(random_feed(rng)):
        pending |= load(lake, EVENTS, records, number)
        if rng.random() < 0.7:
            build(lake, PGR_MODELS, pending)
            pending.clear()
    build(lake, PGR_MODELS, pending or [START.date()])
    step_by_step = tables(lake, PGR_MODELS)

    build(lake, PGR_MODELS, as_if_large=True)

    at_once = tables(lake, PGR_MODELS)
    for name in PGR_MODELS:
        assert step_by_step[name] == at_once[name], name


def test_a_build_repeated_changes_nothing(lake: Lake) -> None:
    days = load(lake, EVENTS, [event for events in random_feed(random.Random(99)) for event in events], 0)
    build(lake, PGR_MODELS, days)
    once = tables(lake, PGR_MODELS)

    build(lake, PGR_MODELS, closed(lake, "pgr", set(sorted(days)[:2])))

    assert tables(lake, PGR_MODELS) == once


def test_a_late_creation_brings_a_held_back_complaint_in(lake: Lake) -> None:
    at = datetime(2024, 3, 10, 9)
    days = load(lake, EVENTS, [Event("r", "C1", "RESOLVED", at), Event("x", "C2", "CREATED", at)], 0)
    outcome = build(lake, PGR_MODELS, days, tests=True)
    held_back = next(t for t in outcome.tests if t.name == "pgr_complaints_without_creation")
    assert (held_back.status, held_back.failures) == ("warn", 1)
    assert [c["complaint_id"] for c in table(lake, "gold.gold_pgr_case_lifecycle")] == ["C2"]

    build(lake, PGR_MODELS, load(lake, EVENTS, [Event("c", "C1", "CREATED", at - timedelta(days=9))], 1))

    first = table(lake, "gold.gold_pgr_case_lifecycle")[0]
    assert (first["complaint_id"], first["status"], first["turnaround_hours"]) == ("C1", "RESOLVED", 216.0)


def test_a_day_without_events_has_its_backlog_once_a_later_day_is_known(lake: Lake) -> None:
    at = datetime(2024, 3, 30, 9)
    build(lake, PGR_MODELS, load(lake, EVENTS, [Event("a", "C1", "CREATED", at)], 0))
    build(lake, PGR_MODELS, load(lake, EVENTS, [Event("b", "C2", "CREATED", at + timedelta(days=3))], 1))

    backlog = [(str(r["metric_date"]), r["open_cases"]) for r in table(lake, "gold.gold_pgr_backlog_daily")]
    assert backlog == [("2024-03-30", 1), ("2024-03-31", 1), ("2024-04-01", 1), ("2024-04-02", 2)]


def test_a_complaint_moved_by_a_correction_leaves_its_old_month(lake: Lake) -> None:
    created = Event("a", "C1", "CREATED", datetime(2024, 3, 30, 9))
    build(lake, PGR_MODELS, load(lake, EVENTS, [created], 0))
    build(lake, PGR_MODELS, load(lake, EVENTS, [replace(created, time=datetime(2024, 5, 2, 9))], 1))

    assert [str(c["submitted_date"]) for c in table(lake, "gold.gold_pgr_case_lifecycle")] == ["2024-05-02"]
    assert [str(r["metric_date"]) for r in table(lake, "gold.gold_pgr_backlog_daily")] == ["2024-05-02"]


def test_sales_built_day_by_day_equal_sales_built_at_once(lake: Lake) -> None:
    rng = random.Random(7)
    lines = [
        Line(
            key=str(number),
            order=f"o{number // 3}",
            time=START + timedelta(minutes=rng.randrange(60 * 24 * 50)),
            quantity=rng.choice([-1, 1, 2, 5]),
            price=rng.choice([0.1, 9.99, 100]),
            customer=rng.choice(["c1", "c2", None]),
            city=rng.choice(["Pune", "Delhi", None]),
        )
        for number in range(60)
    ]
    for number in range(0, 60, 15):
        batch = lines[number : number + 15]
        batch += [replace(line, time=line.time + timedelta(days=20)) for line in rng.sample(batch, 3)]
        batch += [replace(line, quantity=7) for line in rng.sample(lines[: number + 15], 2)]
        outcome = build(lake, SALES_MODELS, load(lake, SALES, batch, number), tests=True)
        assert not outcome.failed_tests
    step_by_step = tables(lake, SALES_MODELS)

    build(lake, SALES_MODELS, as_if_large=True)

    assert tables(lake, SALES_MODELS) == step_by_step
