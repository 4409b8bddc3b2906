"""Reading `semantic.insights`: what was found of a domain, where the table is of the figures as they are now.

Belongs here: whether it is, the documents made of its rows, which of two publications' insights are the same thing.
Does not belong here: making the table (tables), finding insights (finding).

It is of the figures as they are if every table that a domain was judged by is at the snapshot it was at then, and its
metrics mean what they meant. Whole days alone are judged, and no table has whole days after the one it was written on:
so as long as nothing was published, the next day finds nothing new.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse_assets.domains import title_of
from lakehouse_assets.domains.platform.contracts import INSIGHTS
from lakehouse_assets.insight.choosing import dimensions_of
from lakehouse_assets.insight.finding import insights_of
from lakehouse_assets.insight.model import Insight, Insights, Kind
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, QueryTimeoutError
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from nlq.core.judged import metrics_of

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.answer import Answerer
    from nlq.core.guard import Caller
    from nlq.core.vocabulary import Vocabulary

METHOD = 4
"""Raise it where the same figures are judged or worded otherwise: what was published before is of no use then."""
UNUSUAL = (Kind.MISSING, Kind.POINT, Kind.SHIFT, Kind.TREND)
"""Kinds of insights that tell of something unusual; the others explain it, or tell what follows."""
_TIMEOUT_S = 5.0
_SAME_STEP = timedelta(days=14)
"""How far the day of a step may be judged otherwise, with the days that come, and be the same step."""
_EVERY_DAY_ANEW = (Kind.TREND, Kind.FORECAST)
"""Kinds whose days move on with each day, and are the same thing as long as they are found."""


@dataclass(frozen=True)
class Noticed:
    """Something unusual that was published: an insight, what it is as long as it is so, when it was found and judged.

    Times are UTC without zone.
    """

    event_id: str
    insight: Insight
    found_at: datetime
    judged_at: datetime
    until: date | None


def insights_now(answerer: Answerer, caller: Caller, session: Session, domain: str, today: date) -> Insights:
    """What is worth saying about a domain: as it was published where that is of the figures as they are, else found.

    Args:
        answerer: Knows the layer.
        caller: Whose figures, and what of them may be seen.
        session: The state of the lake.
        domain: Whose metrics.
        today: The day it is, which is not over.

    Raises:
        GuardError: the caller may ask nothing.
        SemanticError, QueryRefusedError, QueryTimeoutError, TooManyFiguresError: a figure cannot be read.
    """
    vocabulary = answerer.figures.vocabulary(caller, session)
    found = published(session, caller.tenant, domain, vocabulary, today)
    return found or insights_of(answerer, caller, session, domain, today)


def published(
    session: Session, tenant: str | None, domain: str, vocabulary: Vocabulary, today: date
) -> Insights | None:
    """The insights of a domain as they were published; None where they are not of the figures as they are now.

    Args:
        session: The state of the lake.
        tenant: Whose figures; those of all together if None.
        domain: Whose metrics.
        vocabulary: What the caller may ask about: what was judged by other metrics than the caller's is not shown.
        today: The day it is, which is not over.
    """
    begun = time.perf_counter()
    rows = _current(session, tenant, [domain])
    if not rows or not is_of(rows[0]["basis"], vocabulary, domain, session.heads):
        return None
    first = rows[0]
    if first["judged_until"] is not None and first["judged_until"] >= today:
        return None
    told = tuple(Insight.model_validate_json(row["document"]) for row in rows if row["document"])
    return Insights(
        domain=domain, title=title_of(domain), until=first["judged_until"], tested=first["tests"],
        metrics=tuple(filter(None, first["metrics"].split(","))), insights=told, left_out=first["left_out"],
        elapsed_ms=round((time.perf_counter() - begun) * 1000, 1),
    )  # fmt: skip


def noticed(session: Session, tenant: str | None, domains: Collection[str], vocabulary: Vocabulary) -> list[Noticed]:
    """What is unusual in some domains by the newest publication, the most important first.

    Args:
        session: The state of the lake.
        tenant: Whose figures; those of all together if None.
        domains: Which.
        vocabulary: What the caller may ask about; nothing else is told of.
    """
    found = []
    for row in _current(session, tenant, domains):
        if row["kind"] not in UNUSUAL or row["metric"] not in vocabulary.metrics:
            continue
        if row["dimension"] is not None and row["dimension"] not in vocabulary.dimensions:
            continue
        insight = Insight.model_validate_json(row["document"])
        found.append(Noticed(row["event_id"], insight, row["found_at"], row["judged_at"], row["judged_until"]))
    return found


def judged_in(session: Session, tenant: str | None, domains: Collection[str]) -> frozenset[str]:
    """Those of some domains that the newest publication judged for a tenant, whatever was found.

    Args:
        session: The state of the lake.
        tenant: Whose figures; those of all together if None.
        domains: Which.
    """
    return frozenset(row["domain"] for row in _current(session, tenant, domains))


def _current(session: Session, tenant: str | None, domains: Collection[str]) -> Sequence[dict[str, Any]]:
    """The rows of the newest publication, the most important first; none where it cannot be read."""
    if INSIGHTS.identifier not in session.heads or not domains:
        return ()
    whose, of = ("tenant_id is null", []) if tenant is None else ("tenant_id = ?", [tenant])
    marks = ", ".join("?" for _ in domains)
    sql = f"select * from {INSIGHTS.identifier} where is_current and {whose} and domain in ({marks}) order by place"
    try:
        return session.query(sql, [*of, *domains], timeout_s=_TIMEOUT_S).to_pylist()
    except (QueryRefusedError, QueryTimeoutError):  # a table of an earlier shape, or an engine that is busy
        return ()


def stamped(read: Mapping[str, int], vocabulary: Vocabulary, whole: Vocabulary, domain: str) -> str:
    """What a domain was judged by, as the table keeps it.

    Args:
        read: The snapshot of each table that was read.
        vocabulary: What the caller could ask about.
        whole: What who sees all can ask about.
        domain: Whose metrics.
    """
    meaning = {"meaning": _meaning(vocabulary, domain), "of_all": _meaning(whole, domain)}
    return json.dumps({**meaning, "snapshots": dict(sorted(read.items()))})


def is_of(basis: str, vocabulary: Vocabulary, domain: str, heads: Mapping[str, str], *, of_all: bool = False) -> bool:
    """Whether what was judged by this is of the figures as they are at a state of the lake.

    Args:
        basis: As `stamped` made it.
        vocabulary: What the caller may ask about.
        domain: Whose metrics.
        heads: The state.
        of_all: Whether the vocabulary is that of who sees all instead, which tells as much of what was published here:
            that of each tenant takes a second to read.
    """
    known = json.loads(basis)
    if known.get("of_all" if of_all else "meaning") != _meaning(vocabulary, domain):
        return False
    return all(
        table in heads and current_snapshot(heads[table]) == snapshot for table, snapshot in known["snapshots"].items()
    )


def _meaning(vocabulary: Vocabulary, domain: str) -> str:
    """A fingerprint of what is judged and how it is called."""
    metrics = [
        (m.name, m.label, m.format, m.unit, m.direction, m.additive, m.tally, m.parts, m.nothing,
         [(d.name, d.label) for d in dimensions_of(m, vocabulary)])
        for m in metrics_of(vocabulary, domain)
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([METHOD, metrics]).encode()).hexdigest()[:16]


def identity_of_none(domain: str, tenant: str | None) -> str:
    """The event of a domain in which there is nothing to tell."""
    return _identity(domain, tenant, "none")


def event_of(one: Insight, tenant: str | None, before: Sequence[Mapping[str, Any]], events: Mapping[str, str]) -> str:
    """What an insight is as long as it is so: that of the same thing in the publication before, where it was in it.

    Args:
        one: The insight.
        tenant: Whose figures they are.
        before: The rows of the publication before.
        events: The events of the insights it follows from, by their ids.
    """
    what = (one.domain, tenant, one.kind, one.metric, one.dimension, one.value)
    if one.kind in _EVERY_DAY_ANEW:
        return _identity(*what, _side(one.change))
    if one.because:
        return _identity(*what, one.method, events.get(one.because[0], one.because[0]))
    if one.kind in (Kind.SHIFT, Kind.MISSING):
        same = (row["event_id"] for row in before if _is_same(one, row))
        return next(same, None) or _identity(*what, _side(one.change), one.start)
    return _identity(*what, one.start)


def _is_same(one: Insight, row: Mapping[str, Any]) -> bool:
    """Whether a row of the publication before tells of the same step, or of the same days without anything."""
    what = (row["kind"], row["metric"], row["dimension"], row["dimension_value"], _side(row["change"]))
    if what != (one.kind.value, one.metric, one.dimension, one.value, _side(one.change)):
        return False
    if one.kind is Kind.SHIFT:
        return abs(row["start_date"] - one.start) <= _SAME_STEP
    return row["start_date"] <= one.end and one.start <= row["end_date"]


def _side(change: float | None) -> int:
    return 0 if not change else 1 if change > 0 else -1


def _identity(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]
