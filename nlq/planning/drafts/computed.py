"""The figure that a question ranks, sorts and limits by, where one is computed from those it names.

Whoever asks for the worst "fees per parcel" means the lowest ratio, not the lowest fees; whoever wants fees per parcel
over 5 limits the ratio. Belongs here: which column that is, and limits on it. Does not belong here: what is computed
(``core.plan``), how rows are ranked (``reading.ranking``).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from nlq.core.plan import Comparator, Share, Threshold, ratio_column
from nlq.core.vocabulary import Metric
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError
from nlq.planning.drafts.measures import in_units_of
from nlq.planning.drafts.mentions import Bound, Kind, Mention

_RELATIVE = set_of("growth percent percentage pct relative relatively fastest quickest slowest fast slow")
_ABSOLUTE = set_of("absolute absolutely")
_IN_AMOUNT = {("in", word) for word in set_of("amount amounts money value number numbers volume units total")}
_GREW = set_of("grow grows grew grown growing")


def in_order_of_ratio(draft: Draft) -> None:
    """Put the two figures of a ratio in its own order: "hubs by parcels with fees per parcel" are fees per parcel."""
    at = dict(draft.metric_at)
    if draft.ratio and draft.pair and len(draft.metrics) == 2 and {*draft.pair} <= {*at}:
        pair = [at[place] for place in draft.pair]
        draft.metrics = pair if {*pair} == {*draft.metrics} else draft.metrics


def ratio_of(draft: Draft) -> str | None:
    """The column of the draft's ratio; None where it has none."""
    return ratio_column(*draft.metrics) if draft.ratio and len(draft.metrics) == 2 else None


def column_at(draft: Draft, position: int | None, metric: str, share: Share | None = None) -> str:
    """What stands for a metric said at a position: what is computed from it, if it was said as a part of that."""
    if share and share.part:
        return f"{metric}__share"  # of each group; the parts of one whole are in the order of the metric
    ratio = ratio_of(draft)
    return ratio if ratio and (position is None or not draft.pair or position in draft.pair) else metric


def changes_of(draft: Draft, mentions: Sequence[Mention]) -> tuple[str, ...]:
    """What is ranked by where a change is asked for, the likeliest first; several where the words leave it open.

    Growth is relative and so is what grows fastest; what grew by the most, or rose in amount, has the largest
    difference.
    """
    if draft.growth is None:
        return ("",)
    said = [word for m in mentions for word in words_of(m.text.lower())]
    signs = any("%" in m.text for m in mentions if m.kind is not Kind.THRESHOLD)
    if _ABSOLUTE & {*said} or any(pair in _IN_AMOUNT for pair in itertools.pairwise(said)):
        return ("difference",)
    if signs or _RELATIVE & {*said}:
        return ("change",)
    return ("difference",) if _GREW & {*said} else ("difference", "change")


def say_column(draft: Draft, column: str, metrics: Mapping[str, Metric]) -> str:
    """A column in words."""
    if column == ratio_of(draft):
        return f"{metrics[draft.metrics[0]].label} by {metrics[draft.metrics[1]].label}"
    metric = metrics[column.removesuffix("__share")].label
    return f"share of {metric}" if column.endswith("__share") else metric


def limits(
    draft: Draft, mentions: Sequence[Mention], metrics: Mapping[str, Metric], because: list[Decision], *, keyed: bool
) -> list[Threshold]:
    """The limits on figures.

    Args:
        draft: What was read.
        mentions: All words.
        metrics: The metrics by name.
        because: What was decided; what this decides is added.
        keyed: Whether there are groups or steps, which limits need.

    Raises:
        NotReadableError: there are none, or a limit is in other units than the figure.
    """
    found: list[Threshold] = []
    for at, bound in draft.bounds:
        said = [item for _, item in draft.bounds]
        text = next(m.text for m in mentions if m.kind is Kind.THRESHOLD and m.payload in said)
        if not keyed:
            raise NotReadableError(2, "A limit on a metric needs groups: say by which dimension.", text)
        found += _limits_of(draft, at, bound, text, metrics, because)
    return found


def _limits_of(
    draft: Draft, position: int, bound: Bound, text: str, metrics: Mapping[str, Metric], because: list[Decision]
) -> list[Threshold]:
    at, metric = _limited(draft, position)
    column = column_at(draft, at, metric)
    if bound.of and column != metric:
        reason = f"I cannot compare a ratio with the {bound.of} of all (“{text}”); name a number."
        raise NotReadableError(2, reason, text)
    ends = [(bound.comparator, bound.value)] + ([(Comparator.LE, bound.until)] if bound.until is not None else [])
    found = [
        Threshold(
            metric=column,
            comparator=comparator,
            value=value if bound.of else _in_units(draft, bound, value, column, metrics),
            of=bound.of,
        )
        for comparator, value in ends
    ]
    of = f" times the {bound.of} of all" if bound.of else ""
    said = say_column(draft, column, metrics)
    because.extend(Decision(text, f"{said} {t.comparator.sql} {t.value:g}{of}") for t in found)
    return found


def _limited(draft: Draft, position: int) -> tuple[int | None, str]:
    """The figure that a limit at a position is on, and where it stands."""
    placed = dict(draft.metric_at)
    if position + 1 in placed:
        return position + 1, placed[position + 1]
    before = [item for item in draft.metric_at if item[0] < position]
    return before[-1] if before else (None, draft.metrics[0])


def _in_units(draft: Draft, bound: Bound, value: float, column: str, metrics: Mapping[str, Metric]) -> float:
    if column in metrics:
        return in_units_of(bound, value, metrics[column])
    if bound.unit:
        return in_units_of(bound, value, metrics[draft.metrics[0]])
    if bound.percent and not draft.percent:
        raise NotReadableError(2, "A ratio is no percentage; say how many.", "%", final=True)
    return value / 100 if draft.percent and (bound.percent or value > 1) else value
