"""Examples to learn from: what was known of an entity on a day, and what became of it; split by time.

Belongs here: the examples themselves and which of them learn, choose and judge. Does not belong here: where they come
from (frames), or any model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from lakehouse_assets.ml.declared import Problem

AS_OF, KNOWN_ON, TARGET = "__as_of", "__known_on", "__target"
"""Columns of a frame of examples: at the beginning of which day the features held, at the beginning of which the
target was known, the target."""
LEAST_ROWS = 200
"""Examples of each part without which nothing is learnt: of fewer, chance decides which model is best."""
LEAST_OF_CLASS = 20
"""Examples of either outcome that every part needs."""
LEAST_DAYS = 5
"""Days with examples without which time cannot be split."""
HELD_OUT, CHOOSING = 0.25, 0.2
"""Shares of the examples, the newest first: those that judge, and of the others those that choose."""


class CannotLearnError(Exception):
    """There is nothing to learn from these examples; the message says why and what to do."""


@dataclass(frozen=True)
class Examples:
    """Rows of what was known and what became of it.

    Attributes:
        frame: The entity's columns, the features, and `AS_OF`, `KNOWN_ON` and `TARGET`; sorted by day and entity.
        entity: Columns that name the entity.
        features: Columns that are features.
        problem: `binary`, a target of 0 or 1, or `regression`.
    """

    frame: pl.DataFrame
    entity: tuple[str, ...]
    features: tuple[str, ...]
    problem: Problem

    @classmethod
    def of(cls, frame: pl.DataFrame, entity: Sequence[str], features: Sequence[str], problem: Problem) -> Examples:
        """Examples whose target is known, in the one order that makes learning repeatable."""
        wanted = [*entity, AS_OF, KNOWN_ON, TARGET, *features]
        known = frame.select(wanted).with_columns(pl.col(TARGET).cast(pl.Float64)).drop_nulls([TARGET, KNOWN_ON])
        finite = known.filter(pl.col(TARGET).is_finite())
        return cls(finite.sort(AS_OF, *entity), tuple(entity), tuple(features), problem)

    def __len__(self) -> int:
        """How many there are."""
        return self.frame.height

    @property
    def target(self) -> pl.Series:
        """What became of each."""
        return self.frame[TARGET]

    def where(self, condition: pl.Expr) -> Examples:
        """Those that a condition holds for."""
        return Examples(self.frame.filter(condition), self.entity, self.features, self.problem)


@dataclass(frozen=True)
class Split:
    """Examples by time: no part knows anything that was not known when the next begins.

    Attributes:
        learning: The oldest, whose targets were known when those that choose begin.
        choosing: Those that the settings are chosen by, whose targets were known when those that judge begin.
        judging: The newest, which nothing is learnt from or chosen by.
        refitting: What is learnt from once the settings are chosen: everything known when those that judge begin.
        chosen_from: First day of those that choose.
        judged_from: First day of those that judge.
    """

    learning: Examples
    choosing: Examples
    judging: Examples
    refitting: Examples
    chosen_from: date
    judged_from: date


def split_by_time(examples: Examples) -> Split:
    """Split examples by the days on which their features held.

    An example whose target was not known yet when a later part begins is in none: to learn from it would be to know the
    future.

    Raises:
        CannotLearnError: too few examples or days, or an outcome that hardly occurs.
    """
    if len(examples) < 3 * LEAST_ROWS:
        raise CannotLearnError(
            f"there are {len(examples):,} examples with a known outcome, and {3 * LEAST_ROWS:,} are the least that is "
            "learnt from: load more history"
        )
    by_day = examples.frame.group_by(AS_OF).len().sort(AS_OF)
    if by_day.height < LEAST_DAYS:
        raise CannotLearnError(
            f"the examples are of {by_day.height} days, and {LEAST_DAYS} are the least that time is split by: load a "
            "longer history"
        )
    judged_from = _first_day(by_day, HELD_OUT)
    before = by_day.filter(pl.col(AS_OF) < judged_from)
    refitting = examples.where((pl.col(AS_OF) < judged_from) & (pl.col(KNOWN_ON) <= judged_from))
    judging = examples.where(pl.col(AS_OF) >= judged_from)
    usable = refitting.frame.group_by(AS_OF).len().sort(AS_OF)
    if usable.height < 2 or before.height < 2:
        raise CannotLearnError(
            f"outcomes become known too late: before {judged_from}, from which on models are judged, hardly any is "
            "known; load a longer history, or look less far ahead"
        )
    chosen_from = _first_day(usable, CHOOSING)
    learning = refitting.where((pl.col(AS_OF) < chosen_from) & (pl.col(KNOWN_ON) <= chosen_from))
    choosing = refitting.where(pl.col(AS_OF) >= chosen_from)
    split = Split(learning, choosing, judging, refitting, chosen_from, judged_from)
    for name, part in (("learning", learning), ("choosing", choosing), ("judging", judging)):
        _refuse_poor(name, part)
    return split


def _first_day(by_day: pl.DataFrame, share: float) -> date:
    """The first of the newest days that have at least this share of the examples; never the oldest day of all."""
    days = by_day.sort(AS_OF, descending=True).with_columns(pl.col("len").cum_sum().alias("so_far"))
    wanted = share * float(days["len"].sum())
    enough = days.filter(pl.col("so_far") >= wanted)
    return max(enough[AS_OF].max(), by_day[AS_OF][1])  # type: ignore[type-var, return-value]


def _refuse_poor(name: str, part: Examples) -> None:
    if len(part) < LEAST_ROWS:
        raise CannotLearnError(
            f"{len(part):,} examples are left for {name} when time is split and outcomes that were not known yet are "
            f"left out, and {LEAST_ROWS:,} are the least: load a longer history, or look less far ahead"
        )
    if part.problem == "binary":
        outcomes = part.target.unique().sort().to_list()
        if not set(outcomes) <= {0.0, 1.0}:
            raise CannotLearnError("a binary target is 0 or 1, and this one is not: use --problem regression")
        of_one = int(part.target.sum())
        rare = min(of_one, len(part) - of_one)
        if rare < LEAST_OF_CLASS:
            raise CannotLearnError(
                f"of {len(part):,} examples for {name}, {of_one:,} have the outcome: {LEAST_OF_CLASS} with and as many "
                "without are the least that is learnt from"
            )
    elif part.target.n_unique() < 2:
        raise CannotLearnError(f"the target is {part.target[0]:g} in all examples for {name}: nothing varies")
