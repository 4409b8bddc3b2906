"""What alerts on unusual things see: what `semantic.insights` tells that was not known when they were made.

Belongs here: which of it an alert waits for, and what it is called there. Does not belong here: finding it
(lakehouse_assets.insight), what follows (``keeper``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lakehouse_assets.alerts.model import Kept
from lakehouse_assets.domains import title_of
from lakehouse_assets.domains.platform.contracts import INSIGHTS
from lakehouse_assets.insight.model import Kind
from lakehouse_assets.insight.published import Noticed, judged_in, noticed
from nlq.core.judged import domains_of, metrics_of
from nlq.core.vocabulary import Vocabulary
from nlq.watching.conditions import Unusual
from nlq.watching.judging import NotJudgedError
from nlq.watching.states import Seen, Verdict

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.answering.answer import Answerer
    from nlq.core.plan import Plan

TABLE = INSIGHTS.identifier
_CALLED = {Kind.MISSING: "nothing", Kind.POINT: "unusual day", Kind.SHIFT: "new level", Kind.TREND: "trend"}


def seen_unusual(
    lake: Lake, answerer: Answerer, alert: Kept, condition: Unusual, heads: Mapping[str, str]
) -> tuple[Seen, ...]:
    """Everything unusual that an alert waits for, and what it told of that is so no more.

    Args:
        lake: Where the table is.
        answerer: Knows what the alert's maker may ask about.
        alert: The alert: what was found before it was made is known already.
        condition: What it waits for.
        heads: The state of the lake.

    Raises:
        NotJudgedError: nothing is published of the domains it is about.
    """
    if TABLE not in heads:
        return ()
    with lake.session(heads=heads) as session:
        vocabulary = answerer.figures.vocabulary(alert.caller, session)
        domains = _domains(condition, alert.draft.plan, vocabulary)
        if not judged_in(session, alert.caller.tenant, domains):
            named = ", ".join(map(title_of, domains)) or "any domain"
            raise NotJudgedError(f"{TABLE} has nothing of {named} for who made it")
        found = noticed(session, alert.caller.tenant, domains, vocabulary)
    wanted = [one for one in found if _is_of(one, alert.draft.plan, vocabulary) and one.found_at > alert.created_at]
    there = {_name(one): one for one in wanted}
    gone = [group for group in alert.standings if group and group not in there]
    return (
        *(Seen(name, Verdict.BREACHED, one.insight.sentence, one.insight.actual, one.event_id)
          for name, one in there.items()),
        *(Seen(group, Verdict.CLEAR, f"{group}: it is not found any more.") for group in gone),
    )  # fmt: skip


def not_judged(condition: Unusual, plan: Plan | None, vocabulary: Vocabulary) -> tuple[str, tuple[str, ...]]:
    """Why nothing unusual will ever be found in what is named, and what it can be found in; empty where it may be."""
    domains = domains_of(vocabulary)
    if plan is None:
        if condition.domain is None or condition.domain in domains:
            return "", ()
        return f"There is no domain “{condition.domain}” with figures by day for you.", tuple(domains)
    metric = vocabulary.metrics[plan.metrics[0]]
    judged = metrics_of(vocabulary, metric.domain)
    if metric in judged:
        return "", ()
    labels = tuple(one.label for one in judged)
    return f"{metric.label} is not among the figures of {title_of(metric.domain)} that are judged.", labels


def _domains(condition: Unusual, plan: Plan | None, vocabulary: Vocabulary) -> list[str]:
    if plan is not None:
        metric = vocabulary.metrics.get(plan.metrics[0])
        if metric is None:
            raise NotJudgedError(f"there is no figure “{plan.metrics[0]}” any more")
        return [metric.domain]
    return [condition.domain] if condition.domain else domains_of(vocabulary)


def _is_of(one: Noticed, plan: Plan | None, vocabulary: Vocabulary) -> bool:
    """Whether something is of the figure that a plan names, or it did likewise."""
    if plan is None:
        return True
    metric = vocabulary.metrics[plan.metrics[0]]
    return one.insight.metric == metric.name or metric.label in one.insight.also


def _name(one: Noticed) -> str:
    """What it is called as long as it is so: its days may be judged otherwise tomorrow, when it was found may not."""
    insight = one.insight
    what = f"{insight.label} of {insight.value}" if insight.value is not None else insight.label
    when = f"on {insight.start}" if insight.kind is Kind.POINT else f"found {one.found_at:%Y-%m-%d}"
    return f"{what}: {_CALLED[insight.kind]} {when}"
