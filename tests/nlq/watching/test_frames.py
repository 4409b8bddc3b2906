"""The frames of wishes: what each form of sentence waits for, what is asked back, and what is no wish."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from nlq.core.plan import Comparator, Grain
from nlq.watching.conditions import (
    AboveOrBelow,
    Changes,
    FailedLoad,
    FailedRun,
    NoData,
    Quarantined,
    Stale,
    Unusual,
    said,
)
from nlq.watching.frames import Sent, Told, Unclear, frame_of

GT, GE, LT, LE = Comparator.GT, Comparator.GE, Comparator.LT, Comparator.LE
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("sentence", "question", "sign", "value"),
    [
        ("tell me when backlog in ward 3 passes 100", "backlog in ward 3", GT, 100),
        ("Please let us know if the backlog in ward 3 is over 1.5k.", "backlog in ward 3", GT, 1500),
        ("alert me when complaints fall below 20 in ward 3", "complaints in ward 3", LT, 20),
        ("notify us as soon as complaints last week exceed 1,00,000", "complaints last week", GT, 100_000),
        ("tell me when revenue reaches 2 million", "revenue", GE, 2_000_000),
        ("warn me when open cases are at most 3", "open cases", LE, 3),
        ("when backlog is more than 100, tell me", "backlog", GT, 100),
        ("let me know when any ward's backlog exceeds 100", "backlog by ward", GT, 100),
        ("tell me when backlog rises over 100 in any ward", "backlog by ward", GT, 100),
    ],
)
def test_bounds(sentence: str, question: str, sign: Comparator, value: float) -> None:
    assert frame_of(sentence) == Told(AboveOrBelow(comparator=sign, value=value), question)


def test_how_long_and_where_it_is_well_again() -> None:
    found = frame_of("tell me when backlog passes 100 for 2 days until it is back below 80")
    assert found == Told(AboveOrBelow(value=100, clear=80, hold=2 * DAY), "backlog")
    assert frame_of("tell me when reopen rate is above 20 %") == Told(
        AboveOrBelow(value=20), "reopen rate", percent=True
    )


@pytest.mark.parametrize(
    ("sentence", "question", "condition"),
    [
        ("tell me when complaints drop by 20 % week over week", "complaints", Changes(direction="down", by=0.2)),
        (
            "warn me when revenue falls by more than 10 percent compared with the month before", "revenue",
            Changes(direction="down", by=0.1, period=Grain.MONTH),
        ),
        ("tell me when weekly orders rise by 30", "orders", Changes(direction="up", by=30, relative=False)),
        (
            "tell me when monthly revenue in ward 3 changes by 5 % compared with a year earlier", "revenue in ward 3",
            Changes(by=0.05, period=Grain.MONTH, against="previous_year"),
        ),
        ("tell me when there are no complaints for 2 days", "complaints", NoData(days=2)),
        ("tell me when complaints have no data", "complaints", NoData(days=1)),
        ("tell me if the complaints data is stale", "complaints", Stale(older_than=DAY)),
        ("tell me when complaints are older than 6 hours", "complaints", Stale(older_than=timedelta(hours=6))),
        ("tell me when a run fails", "", FailedRun()),
        ("tell me when build_pgr fails", "", FailedRun(jobs=("build_pgr",))),
        ("tell me when a load of pgr_events fails", "", FailedLoad(source="pgr_events")),
        ("tell me when more than 5 % of records are quarantined", "", Quarantined(share=0.05)),
        ("tell me when any record of pgr_events goes to quarantine", "", Quarantined(source="pgr_events")),
    ],
)  # fmt: skip
def test_changes_and_what_is_missing(sentence: str, question: str, condition: object) -> None:
    assert frame_of(sentence) == Told(condition, question)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sentence", "sent"),
    [
        ("send me backlog by ward every Monday", Sent("backlog by ward", "0 8 * * 1")),
        ("Email me complaints last week at 9 am every Monday", None),
        ("email us complaints last week every Monday at 9 pm", Sent("complaints last week", "0 21 * * 1")),
        ("send me the Complaints dashboard every weekday at 7:30", Sent("Complaints", "30 7 * * 1-5", dashboard=True)),
        ("every Friday at 17:00 send me revenue by region", Sent("revenue by region", "0 17 * * 5")),
        ("send us revenue monthly", Sent("revenue", "0 8 1 * *")),
        ("send me complaints in ward 3 every morning", Sent("complaints in ward 3", "0 8 * * *")),
    ],
)
def test_what_is_sent_by_the_clock(sentence: str, sent: Sent | None) -> None:
    assert frame_of(sentence) == (sent or Sent("complaints last week at 9 am", "0 8 * * 1"))


@pytest.mark.parametrize(
    "sentence",
    [
        "tell me when things get bad", "tell me when complaints drop by 20 % in ward 3",
        "tell me when backlog passes 100 and complaints exceed 20", "tell me when a run fails for 2 days",
        "tell me when more than 5 records are quarantined", "send me every Monday",
        "tell me when backlog passes 100 until it is back below 120",
        "tell me when weekly revenue drops by 3 % compared with a year earlier",
    ],
)  # fmt: skip
def test_what_is_open_is_asked_back_with_sentences_that_are_clear(sentence: str) -> None:
    found = frame_of(sentence)
    assert isinstance(found, Unclear)
    assert found.question
    assert not any(isinstance(frame_of(choice), Unclear | None) for choice in found.choices)


@pytest.mark.parametrize(
    "text", ["", "backlog by ward", "show me complaints by ward", "how many complaints are above 100", "x" * 2000]
)
def test_what_is_no_wish(text: str) -> None:
    assert frame_of(text) is None


@pytest.mark.parametrize(
    "text",
    ["tell me when " + "is " * 320 + "x", "tell me when " + "passes " * 130, "send me " + "every monday " * 75,
     "tell me when x drops by 5 % " + "over week " * 90, "please " * 140, "tell me when " + "9,999" * 190],
)  # fmt: skip
def test_no_sentence_takes_long(text: str) -> None:
    begun = time.process_time()
    frame_of(text)
    assert time.process_time() - begun < 5


def test_conditions_are_said_back() -> None:
    assert said(AboveOrBelow(value=0.2), percent=True) == "is above 20 %"
    assert (
        said(AboveOrBelow(comparator=LT, value=5, hold=2 * DAY, clear=7))
        == "is below 5 for 2 days, until it is back at 7"
    )
    assert said(Changes(direction="down", by=0.2)) == "falls by 20 % or more in a whole week, against the week before"
    assert said(Stale(older_than=timedelta(hours=36))) == "is not published anew for 36 hours"
    assert said(FailedRun()) == "any run fails"


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("tell me when something unusual happens to complaints", "complaints"),
        ("Let me know if anything odd happens.", ""),
        ("alert me whenever there is an anomaly in sales", "sales"),
        ("warn us when you see any outliers in the backlog", "backlog"),
        ("tell me if there is something strange going on with orders", "orders"),
        ("notify me when complaints look unusual", "complaints"),
        ("tell me when the backlog behaves strangely", "backlog"),
        ("tell me when an unusual anomaly is detected in net sales", "net sales"),
        ("let us know when anything out of the ordinary comes up in telemetry", "telemetry"),
        ("tell me when store sales do something unexpected", "store sales"),
    ],
)
def test_something_unusual(sentence: str, question: str) -> None:
    assert frame_of(sentence) == Told(Unusual(), question)


def test_something_unusual_does_not_last() -> None:
    assert isinstance(frame_of("tell me when complaints are unusual for 3 days"), Unclear)
    assert said(Unusual()).startswith("shows something unusual")
