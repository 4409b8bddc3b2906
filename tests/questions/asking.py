"""Asking a question set and judging every answer against the plan and the rows that are right.

Belongs here: the verdicts and their counts. Does not belong here: what is asked (the YAML files), of what (``worlds``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from nlq.answering.document.model import Answer
from nlq.core.plan import Plan
from tests.questions.expected import meant, written
from tests.questions.worlds import World

Verdict = Literal["right", "asked back", "refused", "wrong", "failed"]
VERDICTS: tuple[Verdict, ...] = ("right", "asked back", "refused", "wrong", "failed")
NO_ANSWER = ("unanswerable", "ambiguous")


@dataclass(frozen=True)
class Judged:
    """A question, its answer, and what is to be said of it. ``right`` is meant of the outcome as a whole:
    what has no answer is right when it is refused or asked back."""

    world: str
    case: dict[str, Any]
    answer: Answer
    verdict: Verdict
    why: str = ""

    @property
    def kind(self) -> str:
        """What sort of question it is."""
        return self.case["kind"]


def ask_all(world: World) -> list[Judged]:
    """Every question of a world's set, judged."""
    return [judge(world, case) for case in world.cases]


def judge(world: World, case: dict[str, Any]) -> Judged:
    """Ask one question, after those it follows, and compare."""
    now = datetime.combine(world.today, datetime.min.time())
    plan: Plan | None = None
    for before in case.get("after", ()):
        plan = world.answerer.ask(before, world.caller, now, previous=plan).plan
    answer = world.answerer.ask(case["ask"], world.caller, now, previous=plan)
    if answer.outcome == "clarify":
        return Judged(world.name, case, answer, "asked back", answer.sentence)
    if answer.outcome == "refused":
        return Judged(world.name, case, answer, "refused", answer.sentence)
    if answer.outcome == "failed":
        return Judged(world.name, case, answer, "failed", answer.error or answer.sentence)
    if "plan" not in case:
        return Judged(world.name, case, answer, "wrong", f"answered: {answer.sentence}")
    problems = [
        _compared(world, answer, case[what], case.get(rows, case["rows"]))
        for what, rows in (("plan", "rows"), ("or", "or_rows"))
        if what in case
    ]
    why = "" if "" in problems else problems[0]
    return Judged(world.name, case, answer, "wrong" if why else "right", why)


def _compared(world: World, answer: Answer, plan: dict[str, Any], sql: str) -> str:
    """What differs from a plan and its rows; nothing if nothing does."""
    assert answer.plan is not None
    found, wanted = written(answer.plan), meant(plan)
    if found != wanted:
        return "; ".join(
            f"{k} is {found.get(k)}, not {wanted.get(k)}"
            for k in sorted({*found, *wanted})
            if found.get(k) != wanted.get(k)
        )
    rows = world.rows(sql)
    if not same_rows(answer.rows, rows):
        return f"rows are {_few(answer.rows)}, not {_few(rows)}"
    return ""


def same_rows(found: Sequence[Sequence[Any]], wanted: Sequence[Sequence[Any]]) -> bool:
    """Whether two results have the same rows, in any order, numbers but for rounding."""
    a, b = sorted(map(_plain, found), key=repr), sorted(map(_plain, wanted), key=repr)
    return len(a) == len(b) and all(len(x) == len(y) and all(map(_same, x, y)) for x, y in zip(a, b, strict=True))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6)
    return a == b


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(_value(value) for value in row)


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return value
    # a count is the same whether the engine calls it a decimal or a whole number
    return float(f"{value:.9g}") if isinstance(value, int | float | Decimal) else value


def _few(rows: Sequence[Any]) -> str:
    return f"{list(rows[:3])}{' …' if len(rows) > 3 else ''} ({len(rows)})"


def counted(judged: Iterable[Judged]) -> Counter[Verdict]:
    """How many of each verdict."""
    return Counter(item.verdict for item in judged)


def is_sound(item: Judged) -> bool:
    """Whether the outcome is the one there should be."""
    if item.kind in NO_ANSWER:
        return item.verdict in ("asked back", "refused")
    return item.verdict == "right" or (item.verdict == "asked back" and item.case.get("asked_back") == "fine")
