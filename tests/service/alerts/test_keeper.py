"""Judging over the small lake: each kind of condition, what comes to nothing, and what is sent by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lakehouse_assets.alerts.keeper import AGAIN, Keeper
from lakehouse_assets.alerts.model import Draft, Kept, QuietHours
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.alerts.parts import AlertParts
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.plan import Comparator, Grain, Plan, TimeRange
from nlq.watching.conditions import AboveOrBelow, Changes, Condition, NoData, Quarantined, Stale
from nlq.watching.states import State

NOW = datetime(2026, 2, 20, 12, 0)
WARD = "complaint__ward_id"
COMPLAINTS = Plan(metrics=("pgr_complaints",))
BY_WARD = COMPLAINTS.model_copy(update={"group_by": (WARD,)})


@pytest.fixture
def parts(asked_lake: Lake, tmp_path: Path) -> Iterator[AlertParts]:
    opened = AlertParts.open(asked_lake, f"sqlite:///{tmp_path}/questions.db")
    yield opened
    opened.close()


@pytest.fixture
def judged(
    parts: AlertParts, asked_lake: Lake, answerer: Answerer
) -> Callable[[Plan | None, Condition, datetime], Kept]:
    def judge(plan: Plan | None, condition: Condition, now: datetime = NOW) -> Kept:
        draft = Draft(name="an alert", plan=plan, condition=condition, targets=("ops",))
        made = parts.store.add(draft, Caller(), key_id="", made_by="me", now=now)
        keeping(parts, asked_lake, lambda: answerer).look(made, asked_lake.catalog.heads(), now)
        return parts.store.get(made.id)

    return judge


def keeping(parts: AlertParts, lake: Lake, answerer: Callable[[], Answerer]) -> Keeper:
    return parts.keeper(lake, answerer, lambda *_: False, "ingest")


def test_groups_beyond_the_bound(judged: Callable[..., Kept], answerer: Answerer) -> None:
    rows = answerer.run(BY_WARD, Caller()).rows
    bound = sorted(row[1] for row in rows)[-2]
    found = judged(BY_WARD, AboveOrBelow(comparator=Comparator.GE, value=bound))
    assert found.standings.keys() == {str(row[0]) for row in rows if row[1] >= bound}
    assert judged(BY_WARD, AboveOrBelow(value=10**6)).state is State.OK


def test_a_period_that_is_not_over_is_no_whole_one(judged: Callable[..., Kept], answerer: Answerer) -> None:
    """The data end on some day: a month of which days are missing is neither compared nor told to be too little."""
    known = answerer.days(COMPLAINTS.metrics, Caller(), {**_heads(answerer)})
    assert known is not None
    assert known.end is not None
    last = known.end
    within = last.replace(day=1) + timedelta(days=32)
    month = TimeRange(start=last.replace(day=1), end=within.replace(day=1) - timedelta(days=1))
    cut = COMPLAINTS.model_copy(update={"time_range": month})
    now = datetime.combine(last + timedelta(days=1), datetime.min.time())
    few = judged(cut, AboveOrBelow(comparator=Comparator.LT, value=10**6), now)
    if month.end and last < month.end:
        assert few.state is State.OK
        assert "is not told to be too little" in few.says
    assert judged(cut, AboveOrBelow(value=0), now).state is State.FIRING, "too much is too much, whatever comes"
    changed = judged(COMPLAINTS, Changes(direction="either", by=10**6, period=Grain.WEEK), now)
    assert changed.state is State.OK
    assert "(" in changed.says and changed.says.rstrip(").")[-10:] <= last.isoformat(), (
        "the week that is compared is over"
    )
    beginning = judged(COMPLAINTS, Changes(by=0.1, period=Grain.YEAR), datetime(2025, 1, 1))
    assert beginning.state is State.UNKNOWN


def _heads(answerer: Answerer) -> dict[str, str]:
    return dict(answerer._lake.catalog.heads())


def test_missing_old_and_refused_data(judged: Callable[..., Kept], answerer: Answerer) -> None:
    far = NOW + timedelta(days=3_000)
    assert judged(COMPLAINTS, NoData(days=3), far).state is State.FIRING
    assert judged(COMPLAINTS, Stale(older_than=timedelta(hours=6)), far).state is State.FIRING
    fresh = judged(COMPLAINTS, Stale(older_than=timedelta(days=300)), datetime(2026, 2, 20))
    assert (fresh.state, fresh.due_at is not None) == (State.OK, True)
    assert judged(None, Quarantined()).state is State.OK, "nothing was loaded yet"


def test_what_comes_to_nothing_is_unknown_until_it_is_judged_again(
    parts: AlertParts, asked_lake: Lake, answerer: Answerer, judged: Callable[..., Kept]
) -> None:
    made = judged(BY_WARD, AboveOrBelow(value=0))
    firing = made.standings.keys()
    heads = asked_lake.catalog.heads()
    keeping(parts, asked_lake, lambda: 1 // 0).look(made, heads, NOW)  # type: ignore[arg-type,return-value]
    after = parts.store.get(made.id)
    assert after.standings.keys() == {*firing, ""}
    assert after.due_at == NOW + AGAIN
    keeping(parts, asked_lake, lambda: answerer).look(after, heads, NOW)
    assert parts.store.get(made.id).standings.keys() == firing
    assert [entry.state for entry in parts.store.history(made.id)][:2] == [State.OK, State.UNKNOWN]


def test_words_that_mean_something_else_by_now_are_told(
    parts: AlertParts, asked_lake: Lake, answerer: Answerer
) -> None:
    plan = answerer.ask("complaints last month", Caller(), NOW).plan
    assert plan is not None
    for question, state in (("complaints last month", State.OK), ("complaints by ward last month", State.UNKNOWN)):
        draft = Draft(name="n", question=question, plan=plan, condition=AboveOrBelow(value=10**6))
        made = parts.store.add(draft, Caller(), key_id="", made_by="me", now=NOW)
        keeping(parts, asked_lake, lambda: answerer).look(made, asked_lake.catalog.heads(), NOW)
        found = parts.store.get(made.id)
        assert found.state is state
        assert ("is not understood as it was" in found.says) is (state is State.UNKNOWN)


def test_a_file_of_targets_that_cannot_be_read_holds_no_alert_up(
    asked_lake: Lake, answerer: Answerer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "targets.yml"
    file.write_text("targets: [half")
    said = asked_lake.settings.model_copy(update={"alert_targets": file})
    parts = AlertParts.open(Lake(said), f"sqlite:///{tmp_path}/questions.db")
    sent = Draft(name="wards", plan=BY_WARD, cron="0 8 * * *", targets=("office",))
    watched = Draft(name="many", plan=COMPLAINTS, condition=AboveOrBelow(value=0), targets=("office",))
    made = [parts.store.add(d, Caller(), key_id="", made_by="me", due_at=NOW, now=NOW) for d in (sent, watched)]
    keeping(parts, asked_lake, lambda: answerer).round(asked_lake.catalog.heads(), NOW, seconds=600)
    assert [len(parts.outbox.of_alert(one.id)) for one in made] == [1, 1], "they wait until it is mended"
    assert not caplog.records
    parts.close()


def test_what_is_due_by_the_clock_is_sent_once_with_its_rows(
    parts: AlertParts, asked_lake: Lake, answerer: Answerer
) -> None:
    keeper, heads = keeping(parts, asked_lake, lambda: answerer), asked_lake.catalog.heads()
    quiet = QuietHours(begin="11:00", end="13:30")
    for draft in (
        Draft(
            name="wards", question="complaints by ward", plan=BY_WARD, cron="0 8 * * *", targets=("ops",), quiet=quiet
        ),
        Draft(name="board", dashboard="pgr.complaints", cron="0 8 * * *", targets=("ops",)),
        Draft(name="gone", dashboard="no.such", cron="0 8 * * *", targets=("ops",)),
    ):
        parts.store.add(draft, Caller(), key_id="", made_by="me", due_at=NOW, now=NOW)
    assert keeper.round(heads, NOW - timedelta(seconds=1)).judged == 0
    assert keeper.round(heads, NOW + timedelta(days=2), seconds=600).judged == 3, (
        "once for all moments that were missed"
    )
    assert keeper.round(heads, NOW + timedelta(days=2)).judged == 0
    assert {one.due_at for one in parts.store.all()} == {datetime(2026, 2, 23, 8, 0)}
    waiting = parts.outbox.lease(10, NOW + timedelta(days=2))
    later = {one.message.name: one.message for one in waiting}
    for one in waiting:
        parts.outbox.sent(one, NOW + timedelta(days=2))
    assert later.keys() == {"board", "gone"}, "quiet hours hold the other"
    assert len(later["board"].tables) > 1
    assert later["gone"].lines == ("It could not be made: There is no dashboard “no.such”.",)
    (wards,) = parts.outbox.lease(10, datetime(2026, 2, 22, 13, 30))
    assert wards.message.tables[0].title == "Complaints by ward"
    assert len(wards.message.tables[0].rows) > 1


@pytest.mark.parametrize(
    ("moment", "ends"),
    [
        (datetime(2026, 2, 20, 23, 0), datetime(2026, 2, 21, 7, 0)),
        (datetime(2026, 2, 20, 3, 0), datetime(2026, 2, 20, 7, 0)),
        (datetime(2026, 2, 20, 7, 0), None),
        (datetime(2026, 2, 20, 21, 59), None),
    ],
)
def test_quiet_hours_over_midnight(moment: datetime, ends: datetime | None) -> None:
    assert QuietHours(begin="22:00", end="07:00").ending(moment, "UTC") == ends
    if ends:
        india = timedelta(hours=5, minutes=30)
        assert QuietHours(begin="22:00", end="07:00").ending(moment - india, "Asia/Kolkata") == ends - india
