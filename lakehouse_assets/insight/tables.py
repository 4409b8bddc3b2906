"""`semantic.insights`, made by Python after publications: for whom insights are found, and their rows.

Belongs here: which domains and tenants are judged anew, and what of an earlier publication stays. Does not belong here:
finding insights (finding), reading the table (published), its contract (domains.platform).

One table and one asset, its rows kept by domain and tenant, rather than an asset per domain: who reads asks over all of
them with one schema, a domain that is added needs nothing, and what did not move is not judged again but copied, so
that one asset costs what one of the domain that moved would. It is read by people and alerts, none of whom wait for it:
it is made at most every ten minutes, by runs that all others go before, and never by commands before it was made once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse_assets.domains import all_contracts
from lakehouse_assets.domains.platform.contracts import INSIGHTS
from lakehouse_assets.lakehouse.python_table import Inputs, python_table
from nlq.core.utc import utc_now

if TYPE_CHECKING:
    from lakehouse_assets.insight.model import Insight, Insights
    from nlq.answering.answer import Answerer
    from nlq.core.guard import Caller
    from nlq.core.vocabulary import Vocabulary

AT_MOST = "*/10 * * * *"
MOST_TENANTS = 50
"""Tenants of a domain whose insights are kept; those of others are found when they are asked for."""
MOST_CPU_S = 120.0
"""Processor seconds after which a run judges no other tenant: what it leaves is found when it is asked for."""
REMEMBERED = timedelta(days=90)
"""How long what is found no more is remembered: found again meanwhile, it is no news."""
_log = logging.getLogger(__name__)
Row = dict[str, Any]
_Kept = dict[tuple[str, str | None], list[Row]]


def _marts() -> tuple[str, ...]:
    """The gold tables of the domains; those of the platform itself move every hour, with nothing to be told of."""
    return tuple(c.identifier for c in all_contracts() if c.layer == "gold" and c.domain != INSIGHTS.domain)


@python_table(INSIGHTS, reads=_marts(), on_demand=True, at_most=AT_MOST, reads_what_is_there=True)
def insights(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """Of each domain, for all tenants together and for each; of what did not move, the rows that were published."""
    from lakehouse_assets.insight.published import is_of, stamped
    from nlq.core.guard import Caller
    from nlq.core.judged import domains_of
    from nlq.factory import open_answerer

    answerer, now, begun = open_answerer(inputs.lake), utc_now(), time.process_time()
    kept = _published(inputs, now)
    whole = answerer.figures.vocabulary(Caller(), inputs.session)
    for caller, domain in _wanted(whole, domains_of(whole)):
        before = kept.get((domain, caller.tenant), [])
        if before and is_of(before[0]["basis"], whole, domain, inputs.session.heads, of_all=True):
            yield from before
        elif caller.tenant and time.process_time() - begun > MOST_CPU_S:
            _log.warning("%s of %s is not judged: it took %d s already", domain, caller.tenant, MOST_CPU_S)
            yield from before
        elif found := _found(answerer, caller, inputs, domain):
            one, read = found
            own = answerer.figures.vocabulary(caller, inputs.session)
            yield from rows_of(one, caller.tenant, stamped(read, own, whole, domain), before, now)
        else:
            yield from before


def _wanted(vocabulary: Vocabulary, domains: Sequence[str]) -> Iterator[tuple[Caller, str]]:
    """For whom which domain is judged: all tenants together of each domain first."""
    from nlq.core.guard import TENANT_COLUMN, Caller

    for domain in domains:
        yield Caller(), domain
    for domain in domains:
        reached = {name for m in vocabulary.metrics.values() if m.domain == domain for name in m.dimensions}
        own = [d for name, d in vocabulary.dimensions.items() if name in reached and d.column == TENANT_COLUMN]
        tenants = sorted({str(value) for d in own for value in d.values.items if value is not None})
        if len(tenants) > MOST_TENANTS:
            _log.warning("insights of %d of %d tenants of %s are kept", MOST_TENANTS, len(tenants), domain)
        for tenant in tenants[:MOST_TENANTS]:
            yield Caller(tenant=tenant), domain


def _found(
    answerer: Answerer, caller: Caller, inputs: Inputs, domain: str
) -> tuple[Insights, Mapping[str, int]] | None:
    """What is found now, and the snapshots it was read from; None where a figure cannot be read."""
    from lakehouse_assets.insight.finding import UNREADABLE, insights_of

    today = answerer.today(caller)
    try:
        # A session of its own tells which tables were read for this domain.
        with inputs.lake.session(heads=inputs.session.heads) as session:
            return insights_of(answerer, caller, session, domain, today), dict(session.snapshots)
    except UNREADABLE as error:
        _log.warning("%s cannot be judged for %s: %s", domain, caller.tenant or "all tenants", error)
        return None


def _published(inputs: Inputs, now: datetime) -> _Kept:
    """The rows that were published, without what is not remembered any more, the most important first."""
    if INSIGHTS.identifier not in inputs.session.heads:
        return {}
    known = inputs.session.query(f"select * from {INSIGHTS.identifier} order by is_current desc, place").to_pylist()
    found: _Kept = {}
    for row in known:
        if row["is_current"] or now - row["judged_at"] < REMEMBERED:
            found.setdefault((row["domain"], row["tenant_id"]), []).append(row)
    return found


def rows_of(
    one: Insights, tenant: str | None, basis: str, before: Sequence[Mapping[str, Any]], now: datetime
) -> Iterator[Row]:
    """The rows of what was found in a domain for a tenant, and of what was so lately and is no more.

    Args:
        one: What was found.
        tenant: Whose figures they are; None for all together.
        basis: What it was judged by.
        before: The rows of the publication before.
        now: When, UTC.
    """
    from lakehouse_assets.insight.published import event_of, identity_of_none

    shared = {
        "domain": one.domain, "tenant_id": tenant, "judged_at": now, "judged_until": one.until, "tests": one.tested,
        "left_out": one.left_out, "metrics": ",".join(one.metrics), "basis": basis, "is_current": True,
    }  # fmt: skip
    since = {row["event_id"]: row["found_at"] for row in before}
    events: dict[str, str] = {}
    # What follows from an insight is the same event as long as that is.
    for insight in sorted(one.insights, key=lambda found: bool(found.because)):
        events[insight.insight_id] = event_of(insight, tenant, before, events)
    for place, insight in enumerate(one.insights, start=1):
        event = events[insight.insight_id]
        yield {**shared, "event_id": event, "place": place, "found_at": since.get(event, now), **_of(insight)}
    if not one.insights:
        none = identity_of_none(one.domain, tenant)
        yield {
            **dict.fromkeys(INSIGHTS.column_names), **shared, "event_id": none, "insight_id": none, "place": 1,
            "found_at": since.get(none, now), "kind": "none", "severity": "info",
            "sentence": "Nothing that is more than chance.",
        }  # fmt: skip
    for row in before:
        if row["event_id"] not in events.values() and row["kind"] != "none":
            yield {**row, "is_current": False}


def _of(one: Insight) -> Row:
    return {
        "insight_id": one.insight_id, "kind": one.kind.value, "severity": one.severity.value,
        "metric": one.metric or None, "label": one.label or None, "dimension": one.dimension,
        "dimension_value": one.value, "start_date": one.start, "end_date": one.end, "actual": one.actual,
        "expected": one.expected, "expected_low": one.low, "expected_high": one.high, "change": one.change,
        "p_value": one.p, "is_good": one.good, "sentence": one.sentence, "method": one.method or None,
        "document": one.model_dump_json(),
    }  # fmt: skip
