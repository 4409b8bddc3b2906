"""Limits of an answer: time in the engine, rows, and what a role may have."""

from __future__ import annotations

import threading
import time

import pytest

from nlq.answering.answer import Answerer
from nlq.answering.compiling.sql import statement
from nlq.core.guard import ROLES, TIMEOUT_S, Caller, Guard, Role
from nlq.core.plan import MAX_ROWS, Plan

ALL = Plan(metrics=("pgr_complaints",))
ENDLESS = "SELECT COUNT(*) AS pgr_complaints FROM RANGE(1000000000000) AS a(x) WHERE x % 7 = 3"


def test_the_limits_are_those_that_were_promised() -> None:
    assert (TIMEOUT_S, MAX_ROWS) == (60.0, 1000)
    assert all(1 <= role.max_rows <= MAX_ROWS for role in ROLES.values())


def test_what_takes_too_long_is_cancelled_in_the_engine(answerer: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("executing", "answer"):  # where it runs, and where it is told
        monkeypatch.setattr(f"nlq.answering.{module}.TIMEOUT_S", 0.3)
    with monkeypatch.context() as endless:
        endless.setattr("nlq.answering.executing.statement", lambda *_: ENDLESS)
        begun = time.monotonic()
        answer = answerer.run(ALL)
        assert answer.outcome == "failed"
        assert "longer than 0.3 seconds" in answer.sentence
        assert time.monotonic() - begun < 10
        busy = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - busy < 0.4, "the engine goes on counting"
    monkeypatch.undo()
    assert answerer.run(ALL).outcome == "answered"


def test_one_that_is_cancelled_takes_no_other_with_it(answerer: Answerer, monkeypatch: pytest.MonkeyPatch) -> None:
    others: list[str] = []
    quick = [threading.Thread(target=lambda: others.append(answerer.run(ALL).outcome)) for _ in range(4)]
    slow = Plan(metrics=("pgr_complaints",), limit=7)
    monkeypatch.setattr(
        "nlq.answering.executing.statement", lambda plan, *more: ENDLESS if plan.limit == 7 else statement(plan, *more)
    )
    monkeypatch.setattr("nlq.answering.executing.TIMEOUT_S", 2.0)
    running = threading.Thread(target=lambda: others.append(answerer.run(slow).outcome))
    running.start()
    for thread in quick:
        thread.start()
    for thread in (*quick, running):
        thread.join()
    assert sorted(others) == ["answered"] * 4 + ["failed"]


def test_a_role_has_no_more_rows_than_it_may(answerer: Answerer) -> None:
    guard = Guard(answerer.vocabulary(), {"intern": Role(every_tenant=True, max_rows=3)})
    assert guard.check(ALL, Caller(None, "intern")).limit == 3
