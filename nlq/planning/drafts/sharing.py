"""Shares: which part of which whole a question asks for.

Belongs here: telling the values that make the part from those that bound the whole. Does not belong here: SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nlq.core.plan import DimensionFilter, Operator, Share
from nlq.core.vocabulary import Metric
from nlq.english.forms import stem
from nlq.english.general import PREDICATES, RELATIVES
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import Chosen, Decision, Draft, NotReadableError
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention

_PARTING = frozenset({"of", "in"})
_SHARE_OF_VALUE = ["of", Kind.VALUE, "in", Kind.METRIC]
_TRUE_OF = PREDICATES | RELATIVES


def shares(draft: Draft, mentions: Sequence[Mention], metrics: Sequence[Metric]) -> list[Share | None]:
    """The shares that may be meant, [None] where none is; several are to be asked back.

    "What percentage of orders in Delhi are online": what stands after the verb is the part, the rest bounds the
    whole. Without a verb, one value makes the part, unless there are groups: then it may be either.

    Raises:
        NotReadableError: there is no telling part and whole apart, or the metric has no parts.
    """
    if draft.share is None:
        return [None]
    word = next(m.text for m in mentions if m.first == draft.share)
    if all(metric.is_ratio for metric in metrics):
        return [None]  # a rate is a share already
    if len(metrics) != 1 or not is_amount(metrics[0]):
        label = next(metric.label for metric in metrics if not is_amount(metric)) if len(metrics) == 1 else "that"
        raise NotReadableError(2, f"I cannot tell a share of {label}; ask for one amount.", word)
    if draft.whole is not None:
        return [_of_whole(draft, draft.whole, word)]
    if part := _after_predicate(draft, mentions) or _whose(draft, mentions):
        return [_share(part)]
    keyed = bool(draft.groups or draft.grain)
    said = {item.dimension for item in draft.chosen}
    if not said:
        if not keyed:
            raise NotReadableError(2, f"“{word}” of what? Say by which dimension, or which part.", word)
        return [Share()]
    if draft.groups:
        return [Share(), _share(draft.chosen)]
    if len(said) > 1:
        raise NotReadableError(2, f"“{word}”: say “what percentage of … are …”, to tell the part.", word)
    return [_share(draft.chosen)]


def as_rate(draft: Draft, mentions: Sequence[Mention], metrics: Mapping[str, Metric]) -> None:
    """Take "% of complaints that breached the SLA" for the layer's own rate of that, not for a part of all breaches.

    Raises:
        NotReadableError: the layer has no such rate.
    """
    if draft.share is None or draft.whole is not None or draft.ratio or len(draft.metrics) != 1:
        return
    part = metrics[draft.metrics[0]]
    if part.is_ratio or not _tells_part(mentions):
        return
    word = next(m.text for m in mentions if m.first == draft.share)
    needed = {*draft.groups, *(item.dimension for item in draft.chosen)}
    rates = [r for r in metrics.values() if r.parts[:1] == (part.name,) and r.is_ratio and needed <= r.dimensions]
    if len(rates) != 1:
        raise NotReadableError(1, f"“{word}”: I know no rate of {part.label}.", word)
    draft.metrics, draft.share = [rates[0].name], None
    draft.metric_at = [(at, rates[0].name) for at, _ in draft.metric_at]
    draft.because.append(
        Decision(word, f"{rates[0].label}: {part.label} as a part of {metrics[rates[0].parts[1]].label}")
    )


def _tells_part(mentions: Sequence[Mention]) -> bool:
    """Whether a figure is said as things of which something is true: "complaints that breached the SLA"."""
    figures = [at for at, m in enumerate(mentions) if m.kind is Kind.METRIC]
    inside = mentions[figures[0] : figures[-1] + 1] if figures else ()
    words = [word for m in inside for word in words_of(m.text.lower())]
    plain = all(m.kind in (Kind.METRIC, Kind.FILLER, Kind.WHICH) for m in inside)
    return plain and any(word in _TRUE_OF for word in words[1:-1])


def _of_whole(draft: Draft, whole: int, word: str) -> Share:
    """The share of what is named before the whole: its values, or each of its groups."""
    part = [item for item in draft.chosen if item.first < whole]
    limited = draft.bounds or draft.limits or draft.missing or draft.pieces
    if limited or len({item.dimension for item in part}) > 1 or not (part or draft.groups):
        raise NotReadableError(2, f"“{word}”: say “what percentage of … are …”, to tell the part.", word)
    return _share(part) if part else Share()


def wider(draft: Draft, mentions: Sequence[Mention], metrics: Iterable[Metric]) -> list[Metric]:
    """The figures that one asked for a share of may be a share of itself: "percentage of late parcels from Lyon".

    That is the part of the late ones that come from Lyon, or the part of those from Lyon that are late. Not where a
    verb tells the part, or where the value stands before: "share of Lyon in late parcels".
    """
    open_whole = draft.share is not None and draft.whole is None and not _after_predicate(draft, mentions)
    if not open_whole or len(draft.metrics) != 1 or not draft.chosen:
        return []
    said = draft.metrics[0]
    place = next((m.first for m in mentions if m.kind is Kind.METRIC), -1)
    if place < (draft.share or 0) or any(item.first < place for item in draft.chosen):
        return []
    known = {metric.name: metric for metric in metrics}
    own, needed = known[said], {*draft.groups, *(item.dimension for item in draft.chosen)}
    words = _stems_of(own)
    return [
        one
        for one in known.values()
        if is_amount(one) and one.format == own.format and one.unit == own.unit
        and needed <= one.dimensions and _stems_of(one) == words[-1:] != words
    ]  # fmt: skip


def _stems_of(metric: Metric) -> list[str]:
    return [stem(word) for word in words_of(metric.label)]


def _after_predicate(draft: Draft, mentions: Sequence[Mention]) -> list[Chosen]:
    """The values after the verb that follows the metric."""
    metric_at = next((m.first for m in mentions if m.kind is Kind.METRIC and m.first > (draft.share or 0)), None)
    if metric_at is None:
        return []
    verb = next((m.first for m in mentions if m.first > metric_at and m.kind is Kind.FILLER and _is_predicate(m)), None)
    return [] if verb is None else [item for item in draft.chosen if item.first > verb]


def _whose(draft: Draft, mentions: Sequence[Mention]) -> list[Chosen]:
    """The values whose share it is: "Marketplace's share of net sales", "the share of web in orders by month"."""
    said = [m for m in mentions if m.kind is not Kind.FILLER or m.text.lower() in _PARTING]
    at = next(n for n, m in enumerate(said) if m.first == draft.share)
    before = said[at - 1].first if at and said[at - 1].kind is Kind.VALUE else None
    after = said[at + 1 : at + 5]
    if before is None and [m.text.lower() if m.kind is Kind.FILLER else m.kind for m in after] == _SHARE_OF_VALUE:
        before = after[1].first
    return [item for item in draft.chosen if item.first == before]


def _is_predicate(mention: Mention) -> bool:
    return set(words_of(mention.text)) <= PREDICATES


def _share(part: Sequence[Chosen]) -> Share:
    found: dict[tuple[str, bool], list] = {}
    for item in part:
        found.setdefault((item.dimension, item.wanted), []).append(item.value)
    return Share(
        part=tuple(
            DimensionFilter(
                dimension=name, operator=Operator.IN if wanted else Operator.NOT_IN, values=tuple(dict.fromkeys(values))
            )
            for (name, wanted), values in found.items()
        )
    )
