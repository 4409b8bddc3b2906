"""What can be asked: metrics, dimensions and saved queries, as plain values.

Belongs here: what each is, and finding the dimension a name means. Does not belong here: reading them out of the
manifest (``reading``), MetricFlow (``metricflow``), SQL (``requests``), values (``values``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic.errors import AmbiguousDimensionError, UnknownNameError, nearest
from semantic.manifest.rows import Rows
from semantic.manifest.running import Running

METRIC_TIME = "metric_time"
GRAINS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True)
class TimeColumn:
    """The time by which a measure is summed, in its table; ``names`` are its name, label and description."""

    relation: str
    expr: str
    grain: str
    names: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class SemiAdditive:
    """A measure that is taken at one moment of each period instead of being summed over it."""

    time: TimeColumn
    choice: str  # "min" or "max"


@dataclass(frozen=True)
class MetricDefinition:
    """A metric as people and programs see it.

    ``type`` is MetricFlow's (simple, ratio, derived, cumulative, conversion); ``format`` one of integer,
    decimal, percent, hours, currency; ``direction`` says which end is good: up, down or unknown (None).
    ``needs_time`` is true where a figure exists only per period; ``min_grain`` is the finest period there is,
    ``max_grain`` the longest (a change on the month before has no meaning by year), None for no limit. ``adds_up``
    is false where any of its measures is taken at a moment instead of being summed over time. ``nothing`` is its figure
    where there are no rows, None where it has none then. ``additive`` is true of a sum or a count, whose figures of
    groups and of days add up to that of all; ``tally`` of a count of different values as well: zero is none at all.
    ``rows`` says what its rows are, where they are those of one model. ``headline`` is its place among the figures that
    stand for the domain, from 1; 0 where it does not. ``parts`` are the metrics of which it is the first by the second.
    ``variant_of`` is the metric of which it is a narrower or more technical one: `variant_of` in its meta.
    ``insights`` is false where it is not to be judged: `insights: false` in its meta. ``model`` names the model whose
    predictions it is of, if it is: its table is made once that serves.
    """

    name: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    type: str
    format: str | None
    unit: str | None
    direction: str | None
    domain: str
    definition: str
    dimensions: tuple[str, ...]
    min_grain: str
    max_grain: str | None
    needs_time: bool
    is_cumulative: bool
    times: tuple[TimeColumn, ...] = ()
    running: Running | None = None
    semi_additive: SemiAdditive | None = None
    adds_up: bool = True
    nothing: float | None = None
    additive: bool = False
    tally: bool = False
    rows: Rows | None = None
    headline: int = 0
    variant_of: str = ""
    parts: tuple[str, ...] = ()
    insights: bool = True
    model: str = ""


@dataclass(frozen=True)
class DimensionDefinition:
    """A dimension; ``name`` is qualified by its entity, as in ``complaint__ward_id``.

    ``relation`` and ``expr`` say where its values are. ``grain`` is the finest of a time dimension.
    ``identifier`` marks dimensions with about as many values as rows, ``personal`` those that tell of a person,
    ``insights: false`` those by which figures are not to be judged. Of codes, ``value_labels`` are names by code,
    ``value_words`` says that codes are words written together, and ``value_names`` is the element of the same model
    that has the name of each; empty where none has.
    """

    name: str
    element: str
    label: str
    description: str
    synonyms: tuple[str, ...]
    type: str
    relation: str
    expr: str
    grain: str | None = None
    identifier: bool = False
    personal: bool = False
    insights: bool = True
    value_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    value_words: bool = False
    value_names: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Equal for dimensions that mean the same: described alike in several models, or one column by more joins."""
        if self.description:
            return self.element, self.label, self.description, self.type
        return self.element, self.relation, self.expr, self.type


@dataclass(frozen=True)
class SavedQuery:
    """A named query of the manifest; ``group_by`` in dunder names such as ``metric_time__month``."""

    name: str
    label: str
    description: str
    metrics: tuple[str, ...]
    group_by: tuple[str, ...]
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class SemanticCatalog:
    """Everything that can be asked of one dbt project."""

    metrics: Mapping[str, MetricDefinition]
    dimensions: Mapping[str, DimensionDefinition]
    saved_queries: Mapping[str, SavedQuery]
    time_spines: tuple[TimeColumn, ...] = ()
    fingerprint: str = field(default="", compare=False)

    @property
    def domains(self) -> tuple[str, ...]:
        """Names of all domains, in order."""
        return tuple(sorted({metric.domain for metric in self.metrics.values()}))

    def metric(self, name: str) -> MetricDefinition:
        """A metric by name.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self.metrics:
            raise UnknownNameError(f"there is no metric '{name}'{nearest(name, self.metrics)}")
        return self.metrics[name]

    def saved_query(self, name: str) -> SavedQuery:
        """A saved query by name.

        Raises:
            UnknownNameError: there is none.
        """
        if name not in self.saved_queries:
            raise UnknownNameError(f"there is no saved query '{name}'{nearest(name, self.saved_queries)}")
        return self.saved_queries[name]

    def resolve(self, name: str, metric: str) -> DimensionDefinition:
        """The dimension of a metric that a name means.

        The name may be qualified (``complaint__ward_id``), short (``ward_id``), or the qualified name of a
        dimension of another model that is the same by name, label and description.

        Raises:
            UnknownNameError: the metric has no such dimension.
            AmbiguousDimensionError: it has several.
        """
        own = self.metric(metric).dimensions
        if name in own:
            return self.dimensions[name]
        found = [self.dimensions[d] for d in own if self._means(name, self.dimensions[d])]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(d.name for d in found)
            raise AmbiguousDimensionError(f"'{name}' may mean {names}: write one of them")
        shorts = {self.dimensions[d].element for d in own}
        raise UnknownNameError(
            f"metric '{metric}' has no dimension '{name}'{nearest(name, [*own, *shorts])}"
            f" It has: {', '.join(sorted(shorts))}, {METRIC_TIME}"
        )

    def _means(self, name: str, dimension: DimensionDefinition) -> bool:
        if name == dimension.element:
            return True
        other = self.dimensions.get(name)
        return other is not None and other.identity == dimension.identity
