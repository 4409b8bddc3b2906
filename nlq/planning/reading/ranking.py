"""In which order the rows come, and how many: ranks, words that sort, and the order nobody asked for.

Belongs here: reading that off a draft. Does not belong here: which words rank or sort (``operators``), the usual order
of steps and groups (``drafts.ordering``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nlq.core.plan import DimensionFilter, Grain, Operator, OrderBy, Share
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary
from nlq.english.general import PRICED, SORTED
from nlq.planning.drafts.computed import column_at, say_column
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError, Rank
from nlq.planning.drafts.measures import duration_unit, good_end, is_amount
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.drafts.ordering import usual_order

_SLOW = frozenset({"slowest", "slow"})
"""Said of what happens, not of how long it takes."""
_PACE = {"fastest": True, "quickest": True, "slowest": False}
"""Whether what grows at a pace has the highest change."""
_CHANGES = {"change": "relative change", "difference": "difference"}


class Ranking:
    """The order of the rows of one draft."""

    def __init__(self, vocabulary: Vocabulary, mentions: Sequence[Mention], draft: Draft) -> None:
        self._vocabulary, self._mentions, self._draft = vocabulary, mentions, draft

    def rank(self) -> Rank | None:
        """The one rank asked for; "top 5 with the lowest …" is one rank."""
        ranks, asked = self._draft.ranks, self._draft.asked
        if not ranks:
            if asked:
                raise NotReadableError(2, f"“{asked[1]}” by which order? Say highest or lowest.", asked[1])
            return None
        if len(ranks) > 2 or len([r for r in ranks if r.count]) > 1:
            raise NotReadableError(2, "One ranking at a time, please.", *(r.word for r in ranks))
        count = next((r.count for r in ranks if r.count), asked[0] if asked else None)
        return replace(ranks[-1], count=count, skip=max(r.skip for r in ranks))

    def ordering(
        self,
        end: str | None,
        grain: Grain | None,
        within: tuple[str, ...],
        because: list[Decision],
        share: Share | None = None,
        *,
        compared: bool,
        change: str = "",
    ) -> tuple[tuple[OrderBy, ...], int, bool, int, list[DimensionFilter]]:
        """The order, how many rows, whether equal ones come along, how many are left out, what must be known.

        Args:
            end: Which end of the figures comes first, where the words leave it open.
            grain: The steps of time.
            within: The groups within each of which is ranked.
            because: What was decided; what this decides is added.
            share: The part of a whole that is asked for.
            compared: Whether there are figures of another time beside these.
            change: Which change is ranked by, the relative one or the difference; empty where none is asked for.

        Raises:
            NotReadableError: nothing, or too much, is ranked.
        """
        draft, rank = self._draft, self.rank()
        limit = draft.first_rows or 1000
        if rank is None:
            return self._plain_order(grain, share, change if compared else ""), limit, False, 0, []
        at, metric = self._ranked(rank)
        column = column_at(draft, at, metric, share)
        descending = self._descending(end or rank.end, metric, rank.word)
        if not draft.groups and grain is None:
            raise NotReadableError(2, f"“{rank.word}” of what? Say by which dimension to rank.", rank.word)
        if draft.groups and grain is not None and not within:
            reason = f"“{rank.word}” of what? Say which is ranked within each of which."
            raise NotReadableError(2, reason, rank.word)
        changed = compared and bool(change)
        order = (OrderBy(field=f"{metric}__{change}" if changed else column, descending=descending),)
        count = rank.count or (1 if draft.singular_rank else None)
        which = "highest" if descending else "lowest"
        place = f" from rank {rank.skip + 1}" if rank.skip else ""
        many = f", {count} of them" if count else ""
        inside = [str(grain) if n == TIME_DIMENSION else self._vocabulary.dimensions[n].label for n in within]
        of_each = f", in each {' and '.join(inside)}" if inside else ""
        label = say_column(draft, column, self._vocabulary.metrics) + (f" ({_CHANGES[change]})" if changed else "")
        because.append(Decision(rank.word, f"{which} {label} first{place}{many}{of_each}"))
        known = [DimensionFilter(dimension=name, operator=Operator.IS_NOT_NULL) for name in draft.groups]
        return order, count or limit, count is not None, rank.skip, known if count else []

    def sorted(self, share: Share | None = None, change: str = "") -> tuple[OrderBy, ...]:
        """The order that is asked for by name: figures from the highest, all else from the first, if not said."""
        draft = self._draft
        said = {"highest": True, "lowest": False}.get(draft.sort or "")
        return tuple(
            OrderBy(
                field=self._sorted_by(name, share, change), descending=name in draft.metrics if said is None else said
            )
            for name in dict.fromkeys(draft.sort_by)
        )[:4]

    def _sorted_by(self, name: str, share: Share | None, change: str) -> str:
        draft = self._draft
        if change and name in draft.metrics:
            return f"{name}__{change}"
        if name not in draft.metrics or (draft.pair and not draft.sorts_ratio):
            return name
        return column_at(draft, None, name, share)

    def _plain_order(self, grain: Grain | None, share: Share | None, change: str) -> tuple[OrderBy, ...]:
        draft = self._draft
        column = column_at(draft, None, draft.metrics[0], share)
        if draft.difference:
            return (OrderBy(field=f"{draft.metrics[0]}__difference", descending=True),)
        if keys := self.sorted(share, change):
            return keys
        if draft.sort == "alphabetical" and draft.groups:
            return (OrderBy(field=draft.groups[0]),)
        ranked = any(m.kind is Kind.FILLER and m.text.lower() in SORTED for m in self._mentions)
        if (draft.sort or (ranked and grain is None)) and (draft.groups or grain is not None):
            return (OrderBy(field=column, descending=self._sorts_down()),)
        return usual_order([column], draft.groups, stepped=grain is not None)

    def _sorts_down(self) -> bool:
        """Whether the highest figures come first in the order that is asked for.

        Raises:
            NotReadableError: the best or the worst are to be first of figures of which neither end is good.
        """
        sort, metric = self._draft.sort, self._vocabulary.metrics[self._draft.metrics[0]]
        if sort not in ("best", "worst"):
            return sort != "lowest"
        good = good_end(metric)
        if good is None:
            raise NotReadableError(1, f"I do not know which end of {metric.label} is the {sort}.", sort)
        return (good == "highest") is (sort == "best")

    def metric_of(self, rank: Rank) -> str:
        """The metric by whose figures is ranked: the first that is said after the rank, or the first of all."""
        return self._ranked(rank)[1]

    def _ranked(self, rank: Rank) -> tuple[int | None, str]:
        """The metric that is ranked by, and where it was said, if it stands after the rank."""
        after = [item for item in self._draft.metric_at if item[0] > rank.position]
        return after[0] if after else (None, self._draft.metrics[0])

    def _descending(self, end: str, metric: str, word: str) -> bool:
        term = self._vocabulary.metrics[metric]
        if self._draft.growth and word.lower() in _PACE:
            return _PACE[word.lower()]
        if word.lower() in PRICED and not term.is_money:
            raise NotReadableError(2, f"“{word}” needs an amount of money, and {term.label} is none.", word)
        if word.lower() in _SLOW and is_amount(term) and duration_unit(term) is None:
            return False  # the slowest day sells least
        if end in ("longest", "shortest") and duration_unit(term) is None:
            raise NotReadableError(2, f"“{word}” needs a duration, and {term.label} is none.", word)
        return end in ("highest", "longest")
