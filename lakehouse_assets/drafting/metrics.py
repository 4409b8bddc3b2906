"""The figures of a draft, and the words by which people may ask for them.

Belongs here: metrics and their wording. Does not belong here: the columns they are made of (design).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.design import Column, Feed, summed


@dataclass(frozen=True)
class Metric:
    """A metric of a draft: `of` is the column it is made of, none for the number of rows; `type` is its SQL type."""

    name: str
    label: str
    description: str
    kind: str
    of: str
    type: str
    format: str
    unit: str
    synonyms: list[str]


def metrics_of(feed: Feed, taken: Collection[str] = ()) -> list[Metric]:
    """The figures that can be asked for: how many rows, how many different things, sums and means.

    Args:
        feed: The feed.
        taken: Words, in lower case, that mean metrics of other feeds and domains.
    """
    words = _Words(feed.things, set(taken))
    counted = {naming.plural(naming.thing_of(c.origin) or c.origin): c for c in feed.counted}
    found = [_count(feed, words, counted)]
    for thing, column in counted.items():
        said = [f"{how} {thing}" for how in ("number of", "different", "unique")]
        text, unit = f"Number of different {thing}.", thing
        label, synonyms = words.take(thing, said)
        name = f"{feed.name}_{naming.snake(thing)}"
        found.append(Metric(name, label, text, "count_distinct", column.name, "BIGINT", "integer", unit, synonyms))
    for column in feed.numbers:
        name = naming.words(column.origin)
        if column in feed.measures:
            said = [name, f"sum of {name}", f"{name} in all"]
            found.append(_figure(feed, words, column, column.name, ("total", "Sum", "sum"), said))
        said = [f"mean {name}", f"avg {name}"]
        found.append(_figure(feed, words, column, f"avg_{column.name}", ("average", "Mean", "average"), said))
    named: list[Metric] = []
    for metric in found:
        named.append(replace(metric, name=naming.unused(metric.name, [m.name for m in named])))
    return named


def _count(feed: Feed, words: _Words, others: Collection[str]) -> Metric:
    """How many rows there are; the name of the file is a word for it, too, unless it means other things."""
    things = feed.things
    short = dict.fromkeys(w for w in (things.split()[-1], feed.file_things) if w != things and w not in others)
    said = [f"number of {things}", f"{feed.thing} count", *short]
    label, synonyms = words.take(things, said)
    return Metric(
        f"{feed.name}_count", label, f"Number of {things}.", "count", "", "BIGINT", "integer", things, synonyms
    )


def _figure(
    feed: Feed, words: _Words, column: Column, name: str, kind: tuple[str, str, str], said: Sequence[str]
) -> Metric:
    """A sum or a mean of a number."""
    unit = naming.words(column.origin)
    label, synonyms = words.take(f"{kind[0]} {unit}", said)
    sql_type = summed(column.type) if kind[2] == "sum" else "DOUBLE"
    text = f"{kind[1]} of {unit} over the {feed.things}."
    return Metric(f"{feed.name}_{name}", label, text, kind[2], column.name, sql_type, "decimal", unit, synonyms)


@dataclass
class _Words:
    """The words by which metrics are known; each means one metric only."""

    things: str
    used: set[str]

    def take(self, label: str, synonyms: Sequence[str]) -> tuple[str, list[str]]:
        """A label and synonyms that nothing has, what they are of said where another has the label."""
        if label in self.used:
            label = f"{label} of {self.things}"
        free = [w for w in synonyms if w not in self.used and w != label] or [f"{label} of the {self.things}"]
        self.used |= {label, *free}
        return naming.label(label), free
