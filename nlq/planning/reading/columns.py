"""Lists of the things themselves, and their columns: "list the first name and birth date of all players".

Belongs here: whether rows are asked for, not a figure of them. Does not belong here: which columns rows have where a
question names none (``core.records``), reading the dimensions that are named (``dimensions``).
"""

from __future__ import annotations

import itertools

from nlq.core.vocabulary import Dimension, Metric
from nlq.english.forms import stem
from nlq.english.general import GLUE, NUMBERING, SHOWING
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import Chosen, Decision, NotReadableError
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.reading.sentence import KEY_ENDINGS, Sentence

_FIGURES = {
    Kind.BY,
    Kind.SUPERLATIVE,
    Kind.TOP,
    Kind.SHARE,
    Kind.RATIO,
    Kind.GROWTH,
    Kind.TREND,
    Kind.GRAIN,
    Kind.RUNNING,
}


class ColumnReader:
    """Decides whether a question asks for rows."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary

    def read(self) -> None:
        """Whether the things themselves are asked for: "list the complaints in ward 5", "names of cities in Asia"."""
        draft = self._draft
        said = next((m for m in self._sentence.all if m.kind is Kind.LIST), None)
        attributes = self._are_attributes() or bool(said and self._are_added(said))
        if self._asks_for_figures() or not (attributes or (said and all(map(self._is_own_name, draft.groups)))):
            if said:
                draft.because.append(Decision(said.text, "shown as a table"))
            return
        other = next((name for name in draft.metrics if name not in self._sentence.lexicon.counts), None)
        if other and len(draft.metrics) == 1 and (listed := self._listable(self._vocabulary.metrics[other])):
            self._list_instead(other, *listed)
        elif other:
            label = self._vocabulary.metrics[other].label
            raise NotReadableError(1, f"{label} cannot be listed one by one.", said.text if said else "")
        draft.records = True
        if said:
            self._sentence.believe(said, "the rows themselves", 1.0)
        else:
            draft.because.append(Decision("", "the rows themselves"))

    def _listable(self, figure: Metric) -> tuple[Metric, Dimension] | None:
        """The things that a figure is of, and the flag that makes the difference: complaints that are open."""
        needed = {*self._draft.groups, *(chosen.dimension for chosen in self._draft.chosen)}
        said = _stems(figure.label)
        for name in sorted(self._sentence.lexicon.counts):
            things = self._vocabulary.metrics[name]
            if things.rows is None or not needed <= things.dimensions or not _stems(things.label) < said:
                continue
            for flag in (self._vocabulary.dimensions.get(one) for one in sorted(things.dimensions)):
                if flag and flag.yes_no and _stems(flag.label) == said - _stems(things.label):
                    return things, flag
        return None

    def _list_instead(self, figure: str, things: Metric, flag: Dimension) -> None:
        """List the things that a figure is of, with its flag as a filter; what was taken for it is told."""
        assert flag.yes_no
        draft = self._draft
        draft.metrics = [things.name]
        draft.metric_at = [(at, things.name if name == figure else name) for at, name in draft.metric_at]
        draft.chosen.append(Chosen(-1, flag.name, flag.yes_no[0]))
        meaning = f"{self._vocabulary.metrics[figure].label}: {things.label} where {flag.label} is yes"
        draft.because.append(Decision("", meaning))

    def may_list_all(self) -> bool:
        """Whether it may be the things that are asked for, or their number: "show all late parcels in Lyon"."""
        draft, said = self._draft, [m.text.lower() for m in self._sentence.all if m.text.lower() not in GLUE | {"me"}]
        if len(draft.metrics) != 1 or draft.records or draft.groups or draft.grain or draft.counted:
            return False
        metric = self._vocabulary.metrics[draft.metrics[0]]
        lists = said[:1] and said[0] in SHOWING and said[1:2] == ["all"]
        things = metric.rows is not None and (metric.rows.counts or metric.name in self._sentence.lexicon.counts)
        counts = things and is_amount(metric) and not metric.is_money
        first = next((m for m in self._sentence.all if m.text.lower() not in {*said[:2], *GLUE, "me"}), None)
        return bool(lists and counts and first in self._sentence.mentions) and not self._asks_for_figures()

    def _are_attributes(self) -> bool:
        """Whether what is named are attributes of each of the things that are counted: their names and birth dates."""
        draft = self._draft
        metric = self._vocabulary.metrics[draft.metrics[0]] if len(draft.metrics) == 1 else None
        if metric is None or metric.rows is None or not metric.rows.counts or not (draft.groups or self._has_dates()):
            return False
        if metric.name not in self._sentence.lexicon.counts or not draft.metric_at:
            return False
        told = (*draft.groups, *(chosen.dimension for chosen in draft.chosen))
        named = any(self._tells_apart(name, metric) for name in told)
        last = draft.metric_at[0][0]
        before = all(
            at < last or last < 0
            for at, m in enumerate(self._sentence.mentions)
            if m.kind is Kind.DIMENSION and self._sentence.assignment.dimensions[m.first].ref in draft.groups
        )
        return named and before

    def _are_added(self, listed: Mention) -> bool:
        """Whether what is named is shown of each thing on a list: "list of complaints, with ward and type"."""
        after = [m for m in self._sentence.all if m.first > listed.first]
        things = next((n for n, m in enumerate(after) if m.kind is Kind.METRIC), len(after))
        added = next((n for n, m in enumerate(after) if m.text.lower() == "with"), len(after))
        named = [n for n, m in enumerate(after) if m.kind is Kind.DIMENSION]
        return bool(named) and things < added < named[0]

    def _has_dates(self) -> bool:
        """Whether a date is named that nothing says a time of: a column of its own."""
        if any(m.kind in (Kind.TIME, Kind.GRAIN) for m in self._sentence.mentions):
            return False
        named = [m for m in self._sentence.mentions if m.kind is Kind.DIMENSION]
        hits = [self._sentence.assignment.dimensions[m.first] for m in named]
        return any(self._vocabulary.dimensions[hit.ref].is_time for hit in hits)

    def _tells_apart(self, name: str, metric: Metric) -> bool:
        """Whether a dimension names each of the things that a metric counts, or is their key."""
        dimension = self._vocabulary.dimensions[name]
        own = metric.name in self._sentence.lexicon.counting(dimension.thing)
        return own and (dimension.is_name or words_of(dimension.column)[-1:] == ("name",))

    def _is_own_name(self, name: str) -> bool:
        """Whether a dimension tells things apart, as a name does; of others there is one row for each value."""
        dimension = self._vocabulary.dimensions[name]
        ending = words_of(dimension.column)[-1:]
        return ending in KEY_ENDINGS or ending in (("name",), ("title",)) or dimension.column == dimension.entity

    def _is_of_each(self, by: Mention, thing: Mention) -> bool:
        """Whether attributes of each of the things are asked for: "name and area of every country"."""
        at = self._sentence.all.index(by)
        return thing.kind is Kind.METRIC and at > 0 and self._sentence.all[at - 1].text.lower() == "of"

    def _asks_for_figures(self) -> bool:
        """Whether something is counted, split, ranked or computed."""
        counted = any(m.kind is Kind.COUNT and m.text.lower() in NUMBERING for m in self._sentence.all)
        kinds = {
            m.kind
            for m, then in itertools.pairwise((*self._sentence.mentions, None))
            if m and not (m.kind is Kind.BY and then and (self._sentence.sorts_by(then) or self._is_of_each(m, then)))
        }
        return counted or bool(_FIGURES & kinds) or bool(self._draft.averages or self._draft.bounds)


def _stems(label: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words_of(label))
