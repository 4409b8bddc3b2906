"""One pipeline, two profiles: the same input gives the same tables and the same answers."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from functools import partial
from pathlib import Path

import pytest

from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.domains.pgr.questions import QUESTIONS
from lakehouse_assets.ingest.sources import find_source
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
from lakehouse_assets.settings.servers import MAIN
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.core.plan import Plan
from nlq.factory import open_answerer
from tests.parity.comparing import CONTRACTS, bring_both, contents, differences, leftovers
from tests.parity.plans import PLANS
from tests.questions.asking import same_rows
from tests.questions.worlds import HERE, questions

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(2400)]

FIRST, LAST = date(2026, 1, 1), date(2026, 2, 20)
SIZE = 1000
SMALLEST = "retail"
"""A domain that is built in a minute."""
ASKERS = 4
"""Questions asked at a time, as the API would: Trino waits more than it works for one."""
ANALYST = Caller(None, "analyst")
"""Who asks: one who sees all tenants."""
NOW = datetime.combine(LAST, datetime.min.time())
SETS = sorted({file.stem for file in HERE.glob("*.yml")} & set(DOMAINS))


@pytest.fixture
def waves(tmp_path: Path) -> list[dict[str, list[str]]]:
    """Files of two loads: the second brings late and corrected records of days that are built by then."""
    samples = [f"lakehouse_assets.domains.{domain}.sample" for domain in DOMAINS]
    makers = [importlib.import_module(name) for name in samples if importlib.util.find_spec(name)]
    made = [m.write_sample(tmp_path, size=SIZE, first_day=FIRST, last_day=LAST, files=2) for m in makers]
    files = {source: paths for summary in made for source, paths in summary.files.items()}
    return [{source: [str(p) for p in paths[wave : wave + 1]] for source, paths in files.items()} for wave in (0, 1)]


def test_tables_and_answers_are_the_same_on_both(
    lake: Lake, cluster_lake: Lake, waves: list[dict[str, list[str]]]
) -> None:
    for wave in waves:
        bring_both(lake, cluster_lake, wave)
        ours = contents(lake)
        assert not differences(ours, contents(cluster_lake))
    assert {c.domain for i, c in CONTRACTS.items() if i in ours} == set(DOMAINS)
    asked: list[list[str] | Plan] = [[question] for question in QUESTIONS]
    asked += [talk for name in SETS for talk in talks(name)]
    asked += PLANS
    differ = unlike(lake, cluster_lake, asked)
    assert not differ, "\n".join(f"{q}\n  {here}\n  {there}" for q, (here, there) in differ.items())
    assert not leftovers(cluster_lake)


def test_duckdb_builds_the_same_on_branches_of_a_bucket(
    lake: Lake, duckdb_cluster_lake: Lake, waves: list[dict[str, list[str]]]
) -> None:
    own = {source for source in waves[0] if CONTRACTS[find_source(source).target].domain == SMALLEST}
    for wave in waves:
        files = {source: paths for source, paths in wave.items() if source in own}
        bring_both(lake, duckdb_cluster_lake, files, ("platform", SMALLEST))
        assert not differences(contents(lake), contents(duckdb_cluster_lake))
    differ = unlike(lake, duckdb_cluster_lake, talks(SMALLEST))
    assert not differ, "\n".join(f"{q}\n  {here}\n  {there}" for q, (here, there) in differ.items())
    assert not [r.name for r in require_nessie(duckdb_cluster_lake.catalog).nessie.references() if r.name != MAIN]


def talks(name: str) -> list[list[str]]:
    """The questions of a question set, each after those it follows."""
    return [[*case.get("after", ()), case["ask"]] for case in questions(name)["questions"]]


def unlike(here: Lake, there: Lake, asked: Sequence[list[str] | Plan]) -> dict[str, tuple[str, str]]:
    """The talks and plans whose answers differ, with what both say.

    Both engines compute each metric, each dimension and each shape of plan. A question that has none of them for
    the first time is planned on both and not computed: its SQL differs from another's in values.
    """
    ours, theirs = open_answerer(here), open_answerer(there)
    plans = [plan_of(ours, talk, here.catalog.heads()) for talk in asked]
    computed = with_something_new(plans)
    with ThreadPoolExecutor(ASKERS) as pool:
        first, second = (list(pool.map(partial(answer_of, a), [asked[at] for at in computed])) for a in (ours, theirs))
    differ = {
        mine.question: (told(mine), told(other))
        for mine, other in zip(first, second, strict=True)
        if not alike(mine, other)
    }
    heads = there.catalog.heads()
    for at in set(range(len(asked))) - set(computed):
        if (other := plan_of(theirs, talk := asked[at], heads)) != plans[at]:
            differ[str(talk)] = (str(plans[at]), str(other))
    return differ


def plan_of(answerer: Answerer, talk: list[str] | Plan, heads: Mapping[str, str]) -> Plan | None:
    """A plan, or what a question alone is understood as; None of a talk of several, and where nothing is sure."""
    if isinstance(talk, Plan):
        return talk
    return answerer.understood(talk[0], ANALYST, heads, NOW) if len(talk) == 1 else None


def with_something_new(plans: Sequence[Plan | None]) -> list[int]:
    """The places where there is none, and of those with a metric, dimension or shape that none before has."""
    seen: set[object] = set()
    chosen = []
    for at, plan in enumerate(plans):
        if plan is None or parts_of(plan) - seen:
            chosen.append(at)
            seen |= parts_of(plan) if plan else set()
    return chosen


def parts_of(plan: Plan) -> set[object]:
    """What decides the SQL of a plan besides values: its metrics, its dimensions, its shape."""
    said = plan.model_dump(exclude_defaults=True, exclude={"limit", "skip", "order_by"})
    shape = (*sorted(said), plan.grain, *sorted(f.operator for f in plan.filters), *(t.comparator for t in plan.having))
    return {("shape", shape), *plan.metrics, *plan.group_by, *(f.dimension for f in plan.filters)}


def answer_of(answerer: Answerer, talk: list[str] | Plan) -> Answer:
    """The answer to a plan, or to the last question of a talk, as an analyst of all tenants gets it."""
    if isinstance(talk, Plan):
        return answerer.run(talk, ANALYST)
    plan = None
    for question in talk[:-1]:
        plan = answerer.ask(question, ANALYST, NOW, previous=plan).plan
    return answerer.ask(talk[-1], ANALYST, NOW, previous=plan)


def told(answer: Answer) -> str:
    """What an answer says, in short."""
    choices = " / ".join(c.question for c in answer.choices)
    return f"{answer.outcome}: {answer.sentence} {choices} {answer.rows[:3]}"


def alike(here: Answer, there: Answer) -> bool:
    """Whether two answers say the same; one that failed on both sides is alike to nothing."""
    said = [(a.outcome, a.sentence, [c.question for c in a.choices]) for a in (here, there)]
    return said[0] == said[1] and here.outcome != "failed" and same_rows(here.rows, there.rows)
