"""Alerts in the database: a judgement is all or nothing, and whoever dies loses and doubles nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.alerts.messages import MOST_TABLES, Message, Table, lines_of, message_id, subject_of
from lakehouse_assets.alerts.model import Draft, Kept, QuietHours
from lakehouse_assets.alerts.outbox import FIRST_WAIT, FOLD_AT, GIVEN_UP_AFTER, GIVES_WAY, LEASE, Outbox, digest_of, put
from lakehouse_assets.alerts.store import AlertStore, Judgement, TooManyError
from lakehouse_assets.alerts.tables import alerts
from nlq.core.guard import Caller
from nlq.core.plan import Plan
from nlq.watching.conditions import AboveOrBelow
from nlq.watching.states import Seen, State, Turn, Verdict

NOW = datetime(2026, 1, 5, 12, 0)
DRAFT = Draft(name="backlog", plan=Plan(metrics=("pgr_backlog",)), condition=AboveOrBelow(value=100), targets=("ops",))
CALLER = Caller("pb.amritsar", "viewer")


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def store(database_url: str) -> Iterator[AlertStore]:
    made = AlertStore(database_url)
    yield made
    made.close()


@pytest.fixture
def outbox(database_url: str) -> Iterator[Outbox]:
    made = Outbox(database_url)
    yield made
    made.close()


def telling(alert: Kept, turns: Sequence[Turn], version: int) -> tuple[list[tuple[Message, str]], None, str]:
    found = [
        Message(
            id=message_id(alert.id, version, target), alert_id=alert.id, name=alert.draft.name, kind="alert",
            state=turns[0].state, subject=subject_of(alert.draft.name, turns), lines=lines_of(turns), at=NOW,
        )
        for target in alert.draft.targets
    ]  # fmt: skip
    return [(message, target) for message, target in zip(found, alert.draft.targets, strict=True)], None, ""


def seen(verdict: Verdict, group: str = "", evidence: str = "") -> Judgement:
    return Judgement((Seen(group, verdict, f"{group} is {verdict}", 1.0, evidence),), "says", tables={"gold.a": "1"})


def add(store: AlertStore) -> Kept:
    return store.add(DRAFT, CALLER, key_id="k", made_by="me", now=NOW)


def test_what_is_kept_comes_back(store: AlertStore) -> None:
    made = add(store)
    assert (made.draft, made.caller, made.key_id, made.state) == (DRAFT, CALLER, "k", State.OK)
    store.record(made, seen(Verdict.BREACHED, "WARD_01"), telling, NOW)
    after = store.get(made.id)
    assert (after.state, after.version, after.tables, after.says) == (State.FIRING, 1, {"gold.a": "1"}, "says")
    assert [one.id for one in store.all()] == [made.id]
    (entry,) = store.history(made.id)
    assert (entry.group, entry.state, entry.before, entry.says) == (
        "WARD_01", State.FIRING, State.OK, "WARD_01 is breached",
    )  # fmt: skip
    store.mute(made.id, NOW + timedelta(hours=1))
    assert store.get(made.id).muted(NOW)
    store.remove(made.id)
    with pytest.raises(KeyError):
        store.get(made.id)
    assert store.record(after, seen(Verdict.CLEAR), telling, NOW) is None, "it is gone"
    assert store.forget(NOW + timedelta(days=1)) == 1


def test_an_alert_that_is_not_read_any_more_keeps_no_other_from_being_judged(
    store: AlertStore, caplog: pytest.LogCaptureFixture
) -> None:
    odd, well = add(store), add(store)
    with store._engine.begin() as con:
        con.execute(alerts.update().where(alerts.c.id == odd.id).values(draft='{"name": "of a later version"}'))
    for _ in range(2):
        assert [one.id for one in store.all()] == [well.id]
    assert [odd.id in text for text in caplog.messages] == [True], "it is told once"
    with pytest.raises(KeyError):
        store.get(odd.id)
    store.remove(odd.id)


@pytest.mark.parametrize(("begin", "end"), [("07:00", "07:00"), ("22:00+05:30", "07:00"), ("24:00", "07:00")])
def test_quiet_hours_that_are_none(begin: str, end: str) -> None:
    with pytest.raises(ValueError, match=r"another time|no time of a day"):
        QuietHours(begin=begin, end=end)


def test_a_judgement_that_was_overtaken_is_refused(store: AlertStore, outbox: Outbox) -> None:
    made = add(store)
    assert store.record(made, seen(Verdict.BREACHED), telling, NOW)
    assert store.record(made, seen(Verdict.CLEAR), telling, NOW) is None
    assert store.get(made.id).state is State.FIRING
    assert len(outbox.lease(10, NOW)) == 1


def test_a_judgement_is_all_or_nothing(store: AlertStore, outbox: Outbox) -> None:
    made = add(store)

    def dies(*_: object) -> tuple[list[tuple[Message, str]], None, str]:
        raise Killed

    with pytest.raises(Killed):
        store.record(made, seen(Verdict.BREACHED), dies, NOW)
    assert store.get(made.id) == made
    assert not store.history(made.id)
    assert not outbox.lease(10, NOW)


def test_groups_turn_by_themselves_and_are_told_together(store: AlertStore, outbox: Outbox) -> None:
    made = add(store)
    both = Judgement(tuple(Seen(name, Verdict.BREACHED, f"{name} is high") for name in ("B", "A")), "says")
    assert len(store.record(made, both, telling, NOW) or ()) == 2
    (waiting,) = outbox.lease(10, NOW)
    assert waiting.message.lines == ("B is high", "A is high")
    gone = Judgement((Seen("A", Verdict.BREACHED, "A is high"),), "says", gone_clears=True)
    turns = store.record(store.get(made.id), gone, telling, NOW) or ()
    assert [(turn.group, turn.state) for turn in turns] == [("B", State.OK)]
    assert store.get(made.id).standings.keys() == {"A"}


def test_a_run_that_is_met_again_tells_nothing_new(store: AlertStore) -> None:
    made = add(store)
    assert store.record(made, seen(Verdict.BREACHED, "job", "run-1"), telling, NOW)
    assert store.record(store.get(made.id), seen(Verdict.CLEAR, "job"), telling, NOW)
    assert not store.record(store.get(made.id), seen(Verdict.BREACHED, "job", "run-1"), telling, NOW)
    assert store.record(store.get(made.id), seen(Verdict.BREACHED, "job", "run-2"), telling, NOW)


def test_a_key_has_so_many_at_most(store: AlertStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse_assets.alerts.store.MOST_OF_KEY", 2)
    add(store)
    made = add(store)
    with pytest.raises(TooManyError, match="remove some"):
        add(store)
    store.remove(made.id)
    add(store)


def note(number: int, target: str = "ops") -> tuple[Message, str]:
    message = Message(
        id=f"m-{number:03}-{target}", alert_id="a", name="n", kind="alert", subject=f"s{number}", lines=(f"l{number}",),
        at=NOW,
    )  # fmt: skip
    return message, target


def test_a_receiver_that_fails_is_left_alone_ever_longer_and_others_are_not(outbox: Outbox) -> None:
    for number in range(3):
        outbox.add(*note(number), "t", NOW)
    outbox.add(*note(9, "other"), "t", NOW)
    first, *_ = [one for one in outbox.lease(10, NOW) if one.target == "ops"]
    outbox.failed(first, "it answered 500", NOW)
    later = NOW + LEASE + timedelta(seconds=1)
    waits = outbox.receivers()
    assert [(one.target, one.waiting, one.failures) for one in waits] == [("ops", 3, 1), ("other", 1, 0)]
    assert [one.target for one in outbox.lease(10, NOW + FIRST_WAIT / 2)] == []
    held = outbox.lease(10, later)
    assert {one.target for one in held} == {"ops", "other"}
    outbox.failed(next(one for one in held if one.target == "ops"), "it answered 500", later)
    (ops,) = [one for one in outbox.receivers() if one.target == "ops"]
    assert ops.next_at == later + 2 * FIRST_WAIT
    assert ops.error == "it answered 500"


def test_a_message_that_its_receiver_never_takes_lets_the_others_by(outbox: Outbox) -> None:
    outbox.add(*note(0), "t", NOW)
    outbox.add(*note(1), "another tenant", NOW + timedelta(seconds=1))
    moment, tried = NOW + timedelta(seconds=2), []
    for _ in range(GIVES_WAY + 1):
        first, *others = outbox.lease(10, moment)
        tried.append(first.message.subject)
        outbox.failed(first, "it answered 400", moment)
        for one in others:
            outbox.give_back(one)
        moment += timedelta(hours=2)
    assert tried == ["s0"] * GIVES_WAY + ["s1"]


def test_what_no_receiver_takes_is_given_up_after_a_week_and_said_so(outbox: Outbox) -> None:
    outbox.add(*note(0), "t", NOW)
    outbox.add(*note(1), "t", NOW)
    outbox.add(*note(2, "never tried"), "t", NOW)
    first, *others = outbox.lease(10, NOW)
    outbox.failed(first, "it answered 500", NOW)
    for one in others:
        outbox.give_back(one)
    late = NOW + GIVEN_UP_AFTER + timedelta(hours=1)
    assert [one.target for one in outbox.lease(10, late)] == ["never tried"], "nobody's fault but ours"
    assert sorted((row["target"], row["status"]) for row in outbox.of_alert("a")) == [
        ("never tried", "waiting"), ("ops", "given_up"), ("ops", "given_up"),
    ]  # fmt: skip
    assert [(one.target, one.waiting) for one in outbox.receivers()] == [("never tried", 1), ("ops", 0)]


def test_a_digest_has_the_tables_of_what_it_stands_for_or_says_how_many_it_has_not() -> None:
    table = Table(title="t", columns=(), rows=())
    many = [note(n)[0].model_copy(update={"tables": (table,) * 5}) for n in range(3)]
    assert len(digest_of(many[:2], ["a", "b"], NOW).tables) == 10
    digest = digest_of(many, ["a", "b", "c"], NOW)
    assert (len(digest.tables), digest.lines[0]) == (MOST_TABLES, f"The last {MOST_TABLES} of 15 tables.")


def test_a_tenant_is_not_told_how_much_waits_of_others(outbox: Outbox) -> None:
    for number in range(3):
        outbox.add(*note(number), "t", NOW)
    outbox.add(*note(9), "another tenant", NOW)
    assert [[one.waiting for one in outbox.receivers(tenant)] for tenant in ("t", "another tenant", None)] == [
        [3], [1], [4],
    ]  # fmt: skip
    assert outbox.receivers("nobody") == []


def test_what_waits_for_a_failing_receiver_is_one_digest_and_nothing_is_lost(outbox: Outbox) -> None:
    for number in range(FOLD_AT + 5):
        outbox.add(*note(number), "t", NOW + timedelta(seconds=number))
    outbox.add(*note(99), "another tenant", NOW)
    later = NOW + timedelta(hours=1)
    found = outbox.lease(50, later)
    assert sorted(one.message.count for one in found) == [1, FOLD_AT + 5]
    digest = next(one for one in found if one.message.count > 1)
    assert digest.tenant == "t"
    assert digest.message.subject == f"{FOLD_AT + 5} messages"
    assert all(any(f"l{number}" in line for line in digest.message.lines) for number in range(FOLD_AT + 5))


def test_what_quiet_hours_held_goes_out_together_when_they_end(outbox: Outbox) -> None:
    ends = NOW + timedelta(hours=8)
    with outbox._engine.begin() as con:  # as a judgement does, in its own transaction
        put(con, [note(1), note(2)], "t", NOW, ends)
    outbox.add(*note(3), "t", NOW)
    (now,) = outbox.lease(10, NOW)
    assert now.message.subject == "s3"
    outbox.sent(now, NOW)
    assert not outbox.lease(10, ends - timedelta(seconds=1))
    (digest,) = outbox.lease(10, ends)
    assert digest.message.count == 2
    outbox.sent(digest, ends)
    assert not outbox.lease(10, ends + LEASE * 2)
    assert outbox.forget(ends + timedelta(seconds=1)) == 4


STEPS = st.lists(
    st.one_of(
        st.sampled_from(Verdict),
        st.sampled_from(["die in the judgement", "send", "die before the word", "fail", "give back", "later"]),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[AlertStore, Outbox]:
    url = f"sqlite:///{tmp_path_factory.mktemp('played')}/questions.db"
    return AlertStore(url), Outbox(url)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_whoever_dies_between_any_two_steps_loses_nothing_and_tells_no_state_twice(
    played: tuple[AlertStore, Outbox], steps: list[str]
) -> None:
    """The receiver keeps one message of each id, as the header lets it: it has each state once, in order."""
    course = Course(*played)
    for step in steps:
        course.take(step)
    course.wait_for_all()
    assert [message.state for message in course.arrived.values()] == course.told, "each state once, in order"
    assert all(one is not following for one, following in pairwise(course.told))
    assert course.of_the_history() == course.told


class Course:
    """An alert, and its one receiver, which may be met ill and by processes that die."""

    def __init__(self, store: AlertStore, outbox: Outbox) -> None:
        self.store, self.outbox, self.now = store, outbox, NOW
        target = f"ops{len(store.all())}"
        draft = DRAFT.model_copy(update={"targets": (target,)})
        self.id = store.add(draft, CALLER, key_id=target, made_by="me", now=NOW).id
        self.arrived: dict[str, Message] = {}
        self.told: list[State] = []

    def take(self, step: Verdict | str) -> None:
        self.now += timedelta(hours=2) if step == "later" else timedelta(seconds=1)
        if isinstance(step, Verdict):
            turns = self.store.record(self.store.get(self.id), seen(step), telling, self.now)
            self.told += [turn.state for turn in turns or ()]
        elif step == "die in the judgement":
            self.die()
        elif step != "later":
            self.send(step)

    def die(self) -> None:
        def dies(*turned: Any) -> tuple[list[tuple[Message, str]], None, str]:
            telling(*turned)
            raise Killed

        before = self.store.get(self.id)
        with suppress(Killed):
            self.store.record(before, seen(Verdict.UNKNOWN), dies, self.now)
            return  # there was nothing to tell
        assert self.store.get(self.id) == before

    def send(self, how: str) -> None:
        for waiting in self.outbox.lease(1, self.now):
            if how == "give back":
                self.outbox.give_back(waiting)
            elif how == "fail":
                self.outbox.failed(waiting, "it answered 500", self.now)
            else:
                self.arrived.setdefault(waiting.message.id, waiting.message)
            if how == "send":
                self.outbox.sent(waiting, self.now)

    def wait_for_all(self) -> None:
        for _ in range(len(self.told) + 1):
            self.now += timedelta(hours=2)
            self.send("send")
        assert not self.outbox.lease(10, self.now + timedelta(days=1))

    def of_the_history(self) -> list[State]:
        return [entry.state for entry in reversed(self.store.history(self.id))]
