"""Words for what is known in part, or not at all.

Belongs here: periods that are cut, times without data. Does not belong here: finding them (``tables``), the rest of a
sentence (``wording.sentence``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.zones import NO_ZONE
from nlq.answering.tables.coverage import partial_periods
from nlq.core.dateparts import first_date_part
from nlq.core.periods import shifted, whole_unit
from nlq.core.plan import Plan
from nlq.core.spelling import same_form
from nlq.core.vocabulary import TIME_DIMENSION, Metric, Vocabulary
from nlq.wording.explain import say_time
from nlq.wording.formats import say_period

if TYPE_CHECKING:
    from nlq.answering.tables.coverage import Known, Partial


def say_partial(part: Partial, plan: Plan, others: Iterable[Partial]) -> str:
    """What is to be known of a period of an answer, in a sentence; empty where another one says it."""
    name = _name(part)
    days = f"{_days(part.known_from, part.known_to)} of {_days(part.start, part.end)} days"
    if part.compared and (part.asked or part.running):
        return ""
    if part.running:
        beside = f", compared with {_beside(part, plan, others)}" if plan.compares and plan.grain else ""
        so_far = "" if part.start == part.end else f": it is to {part.known_to} ({days}){beside}"
        return f"{name} is not over{so_far}."
    span = _span(part)
    if part.asked:
        as_much = ", and as much of what it is compared with" if plan.compares else ""
        return f"Of {name} the question takes {span} ({days}){as_much}."
    which = f"{name}, compared with" if part.compared else name
    edge = f"begin on {part.known_from}" if part.known_from > part.start else f"end on {part.known_to}"
    return f"Of {which}, {days} are known: the data {edge}."


def told_partial(plan: Plan, known: Known, said: Iterable[Mapping[str, Any]], today: date) -> tuple[Partial, ...]:
    """The periods of an answer that are known in part, each with the words for it."""
    texts = sorted({row[TIME_DIMENSION] for row in said if row.get(TIME_DIMENSION)})
    found = partial_periods(plan, known, [date.fromisoformat(text) for text in texts], today)
    return tuple(part.model_copy(update={"says": say_partial(part, plan, found)}) for part in found)


def say_days(plan: Plan, zone: str | None, of_utc: Sequence[str] = ()) -> list[str]:
    """Whose days an answer has, where it has any; nothing where all are those of UTC, or of nobody that we know.

    Args:
        plan: What was asked.
        zone: The project's time zone; None where days are not ours to say.
        of_utc: Labels of those metrics whose days are those of UTC all the same.
    """
    parts = first_date_part((*plan.group_by, *(item.dimension for item in plan.filters)))
    if zone in (None, NO_ZONE) or not (plan.time_range or plan.grain or plan.time_of or parts):
        return []
    if len(of_utc) == len(plan.metrics):
        return [f"Days and hours are those of {NO_ZONE}, not of {zone}."]
    but = f", those of {' and '.join(of_utc)} of {NO_ZONE}" if of_utc else ""
    return [f"Days and hours are those of {zone}{but}."]


def say_beside(plan: Plan, known: Known | None) -> str:
    """That a time is compared with one of another length, or with one before the data; empty where it is not."""
    now, other = plan.time_range, shifted(plan) if plan.compares and not plan.grain else None
    if not (now and other and now.start and now.end and other.start and other.end):
        return ""
    if known and known.start and known.end:
        for span in (now, other):
            if known.misses(span):
                edge = f"end on {known.end}" if span.start and span.start > known.end else f"begin on {known.start}"
                return f"Nothing is known of {span.start} to {span.end}: the data {edge}."
    days, others = _days(now.start, now.end), _days(other.start, other.end)
    if days == others or whole_unit(now) == whole_unit(other):
        return ""
    return f"{days} days are compared with {others}."


def say_unknown(plan: Plan, known: Known, vocabulary: Vocabulary, tables: Sequence[str], tenant: str | None) -> str:
    """That nothing is known of the time that was asked for, and why."""
    what = vocabulary.metrics[plan.metrics[0]].label
    whose = f" of {tenant}" if tenant else ""
    read = " and ".join(tables)
    if known.apart:
        return (
            f"Nothing is known of {' and '.join(vocabulary.metrics[name].label for name in plan.metrics)} on the same "
            f"days: the data of one end on {known.end}, of another begin on {known.start}. Ask for each alone."
        )
    if known.span is None:
        rows = f"{read} has no rows{whose if not known.own_rows else ''}"
        return f"Nothing is known of {what}: {rows}. `asklake status` says what was loaded and built."
    assert plan.time_range is not None
    asked = f"{what} {say_time(plan.time_range)}"
    early = plan.time_range.end is not None and known.start is not None and plan.time_range.end < known.start
    edge = f"begin on {known.start}" if early else f"end on {known.end}"
    return f"Nothing is known of {asked}: the data{whose if early else ''} {edge}."


def say_never_published(missing: Mapping[Metric, Sequence[str]]) -> str:
    """That there are no figures yet, of what, and how there will be some."""
    what = " and ".join(metric.label for metric in missing)
    tables = list(dict.fromkeys(table for names in missing.values() for table in names))
    domains = list(dict.fromkeys(metric.domain for metric in missing))
    was = "was" if len(tables) == 1 else "were"
    if models := sorted({metric.model for metric in missing if metric.model}):
        trained = " and ".join(f"`asklake train --target {model}`" for model in models)
        made = f"`asklake materialize --select {','.join(tables)}`"
        return (
            f"Nothing is known of {what}, which is not zero: nothing was predicted yet. {trained} trains what predicts "
            f"it, once `pip install 'asklake[insight]'` is there; then {made} makes {' and '.join(tables)}."
        )
    builds = " and ".join(f"`asklake materialize --domain {domain}`" for domain in domains)
    return (
        f"Nothing is known of {what}, which is not zero: {' and '.join(tables)} {was} never published. Load records "
        f"with `asklake ingest`, then {builds} builds {'it' if len(tables) == 1 else 'them'}, or says what stops it."
    )


def say_forms(labels: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """That a column has rows of one value apart, for it is stored in two forms of Unicode; the columns come first."""
    found = []
    for at, label in enumerate(labels):
        values = {row[at] for row in rows if isinstance(row[at], str)}
        if len({same_form(value) for value in values}) < len(values):
            found.append(f"Some values of {label} are stored in two forms of Unicode: each form has its own row.")
    return found


def _name(part: Partial) -> str:
    if part.grain:
        return say_period(part.start, part.grain)
    return f"{part.start} to {part.end}" if part.start != part.end else str(part.start)


def _span(part: Partial) -> str:
    return f"{part.known_from} to {part.known_to}" if part.known_from != part.known_to else str(part.known_from)


def _beside(part: Partial, plan: Plan, others: Iterable[Partial]) -> str:
    """What a period that is not over is compared with: as many days, or more."""
    beside = next((o for o in others if o.compared and o.step == part.step), None)
    if beside and (beside.asked or beside.running):
        return f"as much of {_name(beside)}"
    return "the whole of the year before" if plan.comparison == "previous_year" else f"the whole {plan.grain} before"


def _days(first: date, last: date) -> int:
    return (last - first).days + 1
