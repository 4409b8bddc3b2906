"""Whether the same question in other people's words comes to the same plan.

Each question of ``paraphrases/`` is one of a question set, worded by several habits: telegram style, politeness,
slips of the hand, subordinate clauses, units, synonyms, another order of words. Only planning is tried.
Belongs here: the verdicts on wordings. Does not belong here: whether an answer is right (``asking``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lakehouse_assets import bounded_yaml
from nlq.core.guard import Caller, Guard
from nlq.core.outcome import Clarify, Planned
from nlq.core.plan import Plan
from nlq.planning.planner import Planner
from tests.questions.expected import meant, written
from tests.questions.worlds import HERE, World

HABITS = ("telegram", "polite", "typos", "clause", "synonyms", "order", "units")
Consistency = Literal["same plan", "offered", "asked back", "refused", "another plan"]
CONSISTENCIES: tuple[Consistency, ...] = ("same plan", "offered", "asked back", "refused", "another plan")
"""The same plan; choices with it; choices without it; a refusal; and what must not be: another plan, answered."""


@dataclass(frozen=True)
class Worded:
    """One wording and what it came to."""

    of: str
    habit: str
    text: str
    verdict: Consistency
    why: str = ""


@cache
def paraphrases(name: str) -> list[dict[str, str]]:
    """The wordings of one question set: the question they are of, and one wording by habit."""
    return bounded_yaml.read(HERE / "paraphrases" / f"{name}.yml")


def reword_all(world: World) -> Iterator[Worded]:
    """Every wording of a world's questions, judged by the plan that is right."""
    vocabulary = world.answerer.vocabulary(world.caller)
    planner, guard = Planner(vocabulary), Guard(vocabulary)
    cases = {case["ask"]: case for case in world.cases}
    for group in paraphrases(world.name):
        wanted = [_essence(meant(cases[group["of"]][what])) for what in ("plan", "or") if what in cases[group["of"]]]
        for habit in HABITS:
            if habit not in group:
                continue
            outcome = planner.plan(group[habit], world.today)
            plans = [outcome.plan] if isinstance(outcome, Planned) else []
            plans += [choice.plan for choice in outcome.choices] if isinstance(outcome, Clarify) else []
            found = [_short(plan, guard) for plan in plans]
            hit = any(plan in wanted for plan in found)
            if isinstance(outcome, Planned):
                verdict: Consistency = "same plan" if hit else "another plan"
                why = "" if hit else _differing(found[0], wanted[0])
            elif isinstance(outcome, Clarify):
                verdict, why = "offered" if hit else "asked back", outcome.question
            else:
                verdict, why = "refused", outcome.reason
            yield Worded(group["of"], habit, group[habit], verdict, why)


def _short(plan: Plan, guard: Guard) -> Mapping[str, Any]:
    return _essence(written(guard.check(plan, Caller(role="admin"))))


def _essence(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    """A plan but for the order in which columns are shown, which wordings may change."""
    columns = {} if plan["ratio"] else {"metrics": sorted(plan["metrics"])}
    values = {key: {name: sorted(map(str, those)) for name, those in plan[key].items()} for key in ("where", "not")}
    return {**plan, **columns, "by": sorted(plan["by"]), **values}


def _differing(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    fields = sorted({*found, *wanted})
    return "; ".join(f"{k} is {found.get(k)}, not {wanted.get(k)}" for k in fields if found.get(k) != wanted.get(k))
