"""What can be asked, as a document for programs and pages: by domain, with values and questions to begin with.

Belongs here: the document and its examples. Does not belong here: reading the layer (``compiling``), the
questions of a demo, showing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from pydantic import BaseModel, Field

from nlq.core.plan import Grain, Plan
from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.wording.explain import as_question

SHOWN_VALUES = 50
STARTERS = 6
_TENANT = "tenant_id"
"""The column of whose rows they are: most askers see one value of it."""


class Example(BaseModel):
    """A question in words, and the plan that it stands for."""

    question: str
    plan: Plan


class CatalogMetric(BaseModel):
    """A figure that can be asked for."""

    name: str = Field(examples=["pgr_complaints"])
    label: str
    description: str
    domain: str
    type: str
    format: str | None = None
    unit: str | None = None
    synonyms: tuple[str, ...]
    dimensions: tuple[str, ...] = Field(description="Names of the dimensions it can be grouped and filtered by.")
    examples: tuple[Example, ...] = Field(description="Questions about it; their plans are for POST /query.")


class CatalogDimension(BaseModel):
    """Something figures can be grouped and filtered by."""

    name: str = Field(examples=["complaint__ward_id"])
    label: str
    description: str
    domains: tuple[str, ...]
    type: str = Field(description="categorical, time, or calendar: a part of the date")
    synonyms: tuple[str, ...]
    values: tuple[Any, ...] = Field(
        description="Values it has, at most 50: most frequent first, a calendar in its order."
    )
    names: dict[str, str] = Field(description="What codes among the values are called; filters take the code.")
    all_values: bool = Field(description="Whether these are all of them.")


class Unpublished(BaseModel):
    """A figure that can be asked for once its tables were published."""

    name: str
    label: str
    domain: str
    tables: tuple[str, ...] = Field(description="Its tables that were never published.")


class Starter(Example):
    """A question to begin with."""

    domain: str


class Catalog(BaseModel):
    """Everything the caller can ask about."""

    domains: tuple[str, ...]
    metrics: tuple[CatalogMetric, ...]
    dimensions: tuple[CatalogDimension, ...]
    unpublished: tuple[Unpublished, ...] = Field(description="Figures that have no data yet, by domain.")
    starters: tuple[Starter, ...] = Field(description="Questions to begin with, of each domain in turn.")
    demo: tuple[str, ...] = Field(description="Questions of the demo; empty where the caller cannot ask them.")


def catalog_of(
    vocabulary: Vocabulary,
    search: str = "",
    unpublished: Mapping[Metric, tuple[str, ...]] | None = None,
    demo: Mapping[str, Sequence[str]] | None = None,
) -> Catalog:
    """The catalog of what a caller may know of; with a search, only what contains the words.

    Args:
        vocabulary: What can be asked about.
        search: The words.
        unpublished: What has no data yet, with the tables that are missing.
        demo: Questions of the demo, by the domain that they are about.
    """
    metrics = [m for m in vocabulary.metrics.values() if _matches(search, m)]
    asked = sorted({metric.domain for metric in vocabulary.metrics.values()})
    domains = {name: set[str]() for name in vocabulary.dimensions}
    for metric in vocabulary.metrics.values():
        for name in metric.dimensions & domains.keys():
            domains[name].add(metric.domain)
    return Catalog(
        domains=tuple(sorted({m.domain for m in metrics})),
        metrics=tuple(_metric(m, vocabulary) for m in sorted(metrics, key=lambda m: (m.domain, m.label))),
        dimensions=tuple(
            _dimension(d, domains[d.name])
            for d in sorted(vocabulary.dimensions.values(), key=lambda d: d.label)
            if _matches(search, d)
        ),
        unpublished=tuple(
            Unpublished(name=m.name, label=m.label, domain=m.domain, tables=tables)
            for m, tables in sorted((unpublished or {}).items(), key=lambda item: (item[0].domain, item[0].label))
            if _matches(search, m)
        ),
        starters=_starters(vocabulary),
        demo=tuple(question for domain in asked for question in (demo or {}).get(domain, ())),
    )


def _starters(vocabulary: Vocabulary) -> tuple[Starter, ...]:
    """The plainest metrics of each domain in turn, asked in different ways; of domains with data where any has."""
    domains: dict[str, list[Metric]] = {}
    plain = vocabulary.plain_metrics()
    for metric in [m for m in plain if _has_data(m, vocabulary)] or plain:
        domains.setdefault(metric.domain, []).append(metric)
    in_order = [domains[name] for name in sorted(domains)]
    turns = [metric for turn in zip_longest(*in_order) for metric in turn if metric][:STARTERS]
    found = []
    for n, metric in enumerate(turns):
        examples = examples_of(metric, vocabulary)
        found.append(Starter(domain=metric.domain, **dict(examples[n // len(domains) % len(examples)])))
    return tuple(found)


def _has_data(metric: Metric, vocabulary: Vocabulary) -> bool:
    """Whether any of its dimensions has a value: where its tables were never published, none has."""
    listed = (vocabulary.dimensions[n] for n in metric.dimensions if n in vocabulary.dimensions)
    return any(dimension.values.items for dimension in listed if not dimension.is_calendar)


def _matches(search: str, item: Metric | Dimension) -> bool:
    texts = (item.name, item.label, item.description, *item.synonyms)
    return not search or any(search.casefold() in text.casefold() for text in texts)


def _metric(metric: Metric, vocabulary: Vocabulary) -> CatalogMetric:
    return CatalogMetric(
        name=metric.name,
        label=metric.label,
        description=metric.description,
        domain=metric.domain,
        type=metric.type,
        format="percent" if metric.is_ratio else metric.format,
        unit=metric.unit,
        synonyms=metric.synonyms,
        dimensions=tuple(sorted(metric.dimensions)),
        examples=examples_of(metric, vocabulary),
    )


def _dimension(dimension: Dimension, domains: set[str]) -> CatalogDimension:
    items = dimension.values.shown
    return CatalogDimension(
        name=dimension.name,
        label=dimension.label,
        description=dimension.description,
        domains=tuple(sorted(domains)),
        type=dimension.type,
        synonyms=dimension.synonyms,
        values=items[:SHOWN_VALUES],
        names={str(code): name for code in items[:SHOWN_VALUES] if (name := dimension.names.of(code))},
        all_values=dimension.values.complete and len(items) <= SHOWN_VALUES,
    )


def examples_of(metric: Metric, vocabulary: Vocabulary) -> tuple[Example, ...]:
    """Questions about a metric: over time, and by the dimension with the handiest number of values."""
    names = [n for n in sorted(metric.dimensions) if n in vocabulary.dimensions]
    listed = [vocabulary.dimensions[n] for n in names]
    handy = [d for d in listed if not (d.is_time or d.is_calendar) and 2 <= len(d.values.items) <= 30]
    plans = [Plan(metrics=(metric.name,), grain=Grain.MONTH)]
    if handy and not metric.needs_time:
        best = min(handy, key=lambda d: (d.is_boolean or d.column == _TENANT, abs(len(d.values.items) - 8), d.name))
        plans.insert(0, Plan(metrics=(metric.name,), group_by=(best.name,)))
    return tuple(Example(question=as_question(plan, vocabulary), plan=plan) for plan in plans)
