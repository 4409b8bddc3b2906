"""What must hold once every mention is read: no word is left without a part in the plan.

Does not belong here: reading a mention (``reading``), what the parts mean together (``finishing``).
"""

from __future__ import annotations

import itertools

from nlq.core.dateparts import first_date_part
from nlq.english.words import is_english
from nlq.planning.draft import NotReadableError
from nlq.planning.drafting import Drafting
from nlq.planning.measures import is_amount
from nlq.planning.mentions import Kind, Mention
from nlq.planning.neighbours import NOT_SIGNIFICANT

_AFTER_BY = (Kind.DIMENSION, Kind.METRIC, Kind.GRAIN, Kind.BY, Kind.SUPERLATIVE)


class Leftovers(Drafting):
    """Checks a cover for words that nothing was made of."""

    def _forbid_unknown(self) -> None:
        unknown = [at for at, mention in enumerate(self._all) if mention.kind is Kind.UNKNOWN]
        if not unknown:
            return
        words = [self._all[at].text for at in unknown]
        before = self._all[unknown[0] - 1] if unknown[0] else None
        if len(unknown) == 1 and before and before.kind is Kind.DIMENSION:
            dimension = self._vocabulary.dimensions[self._assignment.dimensions[before.first].ref]
            if dimension.values.items and not is_english(words[0].lower()):
                known = [str(value) for value in dimension.values.items[:5]]
                reason = f"There is no {dimension.label} called “{words[0]}”."
                raise NotReadableError(2, reason, *words, nearest=known)
        said = ", ".join(f"“{word}”" for word in words)
        raise NotReadableError(1, f"I do not know what {said} means here.", *words)

    def _check_leftovers(self) -> None:
        for position, mention in enumerate(self._mentions):
            if mention.kind is Kind.NOT and position not in self._used:
                raise NotReadableError(2, f"I cannot tell what “{mention.text}” leaves out.", mention.text)
            if mention.kind is Kind.MISSING and position not in self._used:
                raise NotReadableError(1, f"I cannot tell what is “{mention.text}”; name it beside.", mention.text)
            if mention.kind is Kind.OR and position not in self._used:
                raise NotReadableError(2, "“or” works between values of one dimension only; ask two questions.", "or")
            if mention.kind is Kind.BY and self._kind(position + 1) not in _AFTER_BY:
                self._dangling_by(position, mention)
        self._check_each_against_others()
        self._check_counts()

    def _dangling_by(self, position: int, mention: Mention) -> None:
        said = mention.text.lower()
        if said == "wise" and self._kind(position - 1) is Kind.DIMENSION:
            return
        if said in ("by", "over") and self._kind(position + 1) is Kind.VALUE:
            following = self._assignment.values[self._mentions[position + 1].first]
            if not isinstance(following.value, bool) and not first_date_part([following.dimension]):
                return
        after = self._value_dimension(position + 1)
        if after and first_date_part([after]):
            days = self._mentions[position + 1].text
            reason = f"“{mention.text} {days}” may be all of them together or a row for each; say which."
            raise NotReadableError(2, reason, mention.text, days, nearest=("on Mondays", "by weekday"))
        raise NotReadableError(2, f"I cannot tell what stands after “{mention.text}”.", mention.text)

    def _check_each_against_others(self) -> None:
        """Nothing is compared with each of others: "larger than any country in Africa"."""
        for mention, following in itertools.pairwise(self._all):
            others = following.text.lower() in ("any", "every", "all", "each", "some")
            if others and mention.kind is Kind.VERSUS and mention.text.lower() == "than":
                reason = f"I cannot compare with “{following.text}” of others; name a number."
                raise NotReadableError(2, reason, mention.text, following.text)

    def _check_counts(self) -> None:
        """How many, number of, total: only of things that are amounts."""
        for at, mention in enumerate(self._all):
            if mention.kind is not Kind.COUNT:
                continue
            following = next((m for m in self._all[at + 1 :] if m.kind not in NOT_SIGNIFICANT), None)
            if following and following.kind is Kind.METRIC:
                metric = self._vocabulary.metrics[self._assignment.metrics[following.first].ref]
                if not is_amount(metric):
                    raise NotReadableError(2, f"{metric.label} is not an amount (“{mention.text}”).", mention.text)
