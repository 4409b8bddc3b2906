"""What must hold once every mention is read: no word is left without a part in the plan.

Does not belong here: reading a mention (``reading``), what the parts mean together (``finishing``).
"""

from __future__ import annotations

import calendar
import itertools

from nlq.core.dateparts import first_date_part
from nlq.english.forms import is_plural
from nlq.english.general import COUNTING, DIFFERENT, EXTREMES, PREPOSITIONS, RELATIVES
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.draft import NotReadableError
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.lexicon import is_common
from nlq.planning.reading.sentence import Sentence
from nlq.planning.reading.sizes import rank_things
from nlq.planning.reading.values import EITHER
from nlq.planning.reading.verbs import unsupported

_COMPARES_ALL = set_of("compare compares comparing comparison")
"""Before "all" these ask for a row of each: "compare all wards"."""
_AGAINST = set_of("vs versus against")
_SIZES = set_of("largest biggest smallest greatest")
_WEEKDAYS = tuple(day.lower() for day in calendar.day_name)
_AFTER_BY = (Kind.DIMENSION, Kind.METRIC, Kind.GRAIN, Kind.BY, Kind.SUPERLATIVE)


class Leftovers:
    """Checks a cover for words that nothing was made of."""

    def __init__(self, sentence: Sentence) -> None:
        self._sentence = sentence
        self._draft, self._vocabulary = sentence.draft, sentence.vocabulary

    def forbid_unknown(self) -> None:
        """Refuse words that nothing recognised."""
        verbs = unsupported(self._sentence)
        unknown = [at for at, m in enumerate(self._sentence.all) if m.kind is Kind.UNKNOWN or m in verbs]
        if not unknown:
            return
        words = [self._sentence.all[at].text for at in unknown]
        missed = [m for at in unknown if (m := self._sentence.all[at]).kind is Kind.UNKNOWN and m.payload]
        if place := next(iter(missed), None):
            dimension, what = place.payload
            reason = (
                f"There is no {dimension.label} {what.name}{'' if place.text == what.name else f' ({place.text})'}."
            )
            raise NotReadableError(
                2, reason, place.text, nearest=[str(v) for v in dimension.values.shown[:5]], final=True
            )
        before = self._sentence.all[unknown[0] - 1] if unknown[0] else None
        if len(unknown) == 1 and before and before.kind is Kind.DIMENSION:
            dimension = self._vocabulary.dimensions[self._sentence.assignment.dimensions[before.first].ref]
            if dimension.values.items and not is_common(words[0].lower()):
                known = [str(value) for value in dimension.values.items[:5]]
                reason = f"There is no {dimension.label} called “{words[0]}”."
                raise NotReadableError(2, reason, *words, nearest=known, final=True)
        said = ", ".join(f"“{word}”" for word in words)
        raise NotReadableError(1, f"I do not know what {said} means here.", *words)

    def check(self) -> None:
        """Refuse operators that nothing was made of."""
        for position, mention in enumerate(self._sentence.mentions):
            if mention.kind is Kind.NOT and position not in self._sentence.used:
                if self._without_figure(position, mention):
                    continue
                raise NotReadableError(2, f"I cannot tell what “{mention.text}” leaves out.", mention.text)
            if mention.kind is Kind.MISSING and position not in self._sentence.used:
                raise NotReadableError(1, f"I cannot tell what is “{mention.text}”; name it beside.", mention.text)
            if mention.kind is Kind.OR and position not in self._sentence.used:
                raise NotReadableError(2, EITHER, "or")
            if mention.kind is Kind.BY and self._sentence.kind(position + 1) not in _AFTER_BY:
                self._dangling_by(position, mention)
        self._check_yet()
        self._check_names()
        self._check_each_against_others()
        self._check_counted()
        self._check_sides()
        self._check_degree()
        self._check_each_limited()
        self._check_modifiers()
        self._check_different()
        self._check_all_of()
        self._check_both()
        self._check_agents()
        self._check_percent()
        self._check_one_rank()
        self._check_extremes()
        self._check_sizes()
        self._check_weekdays()

    def _without_figure(self, position: int, mention: Mention) -> bool:
        """What has none of a figure has no rows of it: "customers without orders"; the lowest can be offered.

        Raises:
            NotReadableError: there is no group of which the lowest could be told.
        """
        if self._sentence.kind(position + 1) is Kind.METRIC:
            what, draft = self._sentence.mentions[position + 1], self._draft
            name = self._sentence.assignment.metrics[what.first].ref
            label = self._vocabulary.metrics[name].label
            if draft.metrics == [name] and draft.groups and not draft.chosen:
                draft.sort, draft.doubtful, draft.unlicensed = "lowest", True, []
                draft.doubt = (
                    f"What has no {label} has no row (“{mention.text}”); I can begin with the lowest. Do you mean this?"
                )
                return True
            reason = f"{label} are known only of what has some; I cannot tell what has none (“{mention.text}”)."
            raise NotReadableError(2, reason, mention.text, nearest=(f"lowest {label}",), final=True)
        return False

    def _dangling_by(self, position: int, mention: Mention) -> None:
        said = mention.text.lower()
        if said == "wise" and self._sentence.kind(position - 1) is Kind.DIMENSION:
            return
        if said == "by" and self._sentence.kind(position + 1) is Kind.GROWTH:
            return  # ranked by growth; of which figure is said after it
        if said in ("by", "over") and self._sentence.kind(position + 1) is Kind.VALUE:
            following = self._sentence.assignment.values[self._sentence.mentions[position + 1].first]
            if not isinstance(following.value, bool) and not first_date_part([following.dimension]):
                return
        after = self._sentence.value_dimension(position + 1)
        if after and first_date_part([after]):
            days = self._sentence.mentions[position + 1].text
            reason = f"“{mention.text} {days}” may be all of them together or a row for each; say which."
            raise NotReadableError(2, reason, mention.text, days, nearest=("on Mondays", "by weekday"), final=True)
        raise NotReadableError(2, f"I cannot tell what stands after “{mention.text}”.", mention.text)

    def _check_yet(self) -> None:
        """What is not at a stage yet is before it: whatever is beyond it is not at it any more, and not meant."""
        draft = self._draft
        if "yet" not in {m.text.lower() for m in self._sentence.all if m.kind is Kind.FILLER}:
            return
        for name in draft.values(wanted=False):
            if not self._vocabulary.dimensions[name].is_boolean:
                label = self._vocabulary.dimensions[name].label
                draft.doubtful = True
                draft.doubt = f"I do not know which {label} comes before which (“yet”); do you mean all others?"

    def _check_names(self) -> None:
        """Names that are asked for beside something else are a column of their own: "names and id of courses"."""
        for mention, following in itertools.pairwise(self._sentence.all):
            beside = mention.kind is Kind.FILLER and following.kind is Kind.AND
            if beside and mention.text.lower() in ("name", "names"):
                raise NotReadableError(1, f"I do not know the {mention.text} of what.", mention.text)

    def _check_each_against_others(self) -> None:
        """Nothing is compared with each of others: "larger than any country in Africa", "compared to all visits"."""
        told = [m for m in self._sentence.all if m.text.lower() not in ("to", "with")]
        for mention, following in itertools.pairwise(told):
            others = following.text.lower() in ("any", "every", "all", "each", "some")
            if others and mention.kind is Kind.VERSUS and mention.text.lower() not in _COMPARES_ALL:
                reason = f"I cannot compare with “{following.text}” of others; name a number."
                raise NotReadableError(2, reason, mention.text, following.text)

    def _check_different(self) -> None:
        """How many different ones is a number of values: a sum of all does not tell it."""
        for mention, following in itertools.pairwise(self._sentence.all):
            if mention.text.lower() not in DIFFERENT or following.kind is not Kind.METRIC:
                continue
            metric = self._vocabulary.metrics[self._sentence.assignment.metrics[following.first].ref]
            if not metric.tally and metric.name not in self._sentence.lexicon.counts:
                raise NotReadableError(1, f"{metric.label} does not tell how many are different.", mention.text)

    def _check_both(self) -> None:
        """One thing has no two values of a dimension: who speaks "both English and French" has two things."""
        said = next((m for m in self._sentence.all if m.text.lower() == "both" and m.kind is Kind.FILLER), None)
        after = [m for m in self._sentence.mentions if said and m.first > said.first]
        dimensions = [
            self._sentence.assignment.values[m.first].dimension if m.kind is Kind.VALUE else None for m in after[:3:2]
        ]
        if said and len(dimensions) > 1 and dimensions[0] and dimensions[0] == dimensions[1]:
            label, draft = self._vocabulary.dimensions[dimensions[0]].label, self._draft
            draft.doubtful = True
            draft.doubt = f"I know what has one {label} or the other, not what has “{said.text}”. Do you mean either?"

    def _check_all_of(self) -> None:
        """Who has several rows may have both of "A and B": whether readers of Poetry and Drama read both is asked."""
        draft = self._draft
        metrics = [self._vocabulary.metrics[name] for name in draft.metrics]
        several = [name for name, values in draft.values(wanted=True).items() if len(values) > 1]
        told = any(m.text.lower() in RELATIVES for m in self._sentence.all if m.kind in (Kind.FILLER, Kind.ASKS))
        joined = any(m.kind is Kind.AND for m in self._sentence.all) and told
        if not (joined and several and metrics and all(m.tally and not m.additive for m in metrics)):
            return
        label = self._vocabulary.dimensions[several[0]].label
        draft.doubtful = True
        draft.doubt = f"I know what has one {label} or the other, not what has both. Do you mean either?"

    def _check_degree(self) -> None:
        """How much of a quality something has is told by no number of things: "how clean" counts no clean records."""
        for before, mention in itertools.pairwise(self._sentence.all):
            if before.text.lower() != "how" or mention.kind is not Kind.METRIC or mention.first != before.last:
                continue
            hit = self._sentence.assignment.metrics[mention.first]
            metric = self._vocabulary.metrics[hit.ref]
            if is_amount(metric) and not hit.full and words_of(mention.text.lower())[0] not in COUNTING:
                said = words_of(mention.text)[0]
                raise NotReadableError(1, f"“how {said}” asks for a degree; {metric.label} is a number.", mention.text)

    def _check_sides(self) -> None:
        """What is compared has two sides: of "logged vs resolved" one figure is half of what is asked."""
        for position, mention in enumerate(self._sentence.mentions):
            if mention.kind is not Kind.VERSUS or mention.text.lower() not in _AGAINST:
                continue
            sides = [self._sentence.kind(at) for at in (position - 1, position + 1)]
            grouped = sides[0] is sides[1] is Kind.DIMENSION and len(self._draft.groups) > 1
            single = len(self._draft.metrics) < 2 and sides[1] in (Kind.METRIC, Kind.DIMENSION)
            if {*sides} == {Kind.METRIC, Kind.VALUE} or (single and sides[0] is not Kind.TIME and not grouped):
                raise NotReadableError(1, f"I do not know what is on both sides of “{mention.text}”.", mention.text)

    def _check_counted(self) -> None:
        """What "how many" stands before is counted: districts, of "how many Ohio districts get money", not money."""
        for at, mention in enumerate(self._sentence.mentions[:-1]):
            counted = mention.kind is Kind.VALUE and self._sentence.is_numbered(at)
            named = self._sentence.mentions[at + 1]
            if not counted or named.kind is not Kind.DIMENSION or self._sentence.is_singular(named):
                continue
            if named.last > mention.last and self._sentence.kind(at + 2) not in (None, Kind.AND, Kind.OR):
                reason = f"I cannot tell how many “{named.text}” there are; only figures of them."
                raise NotReadableError(1, reason, named.text)

    def _check_each_limited(self) -> None:
        """How many things have a figure over a limit is not told by steps of time: "how many spend over 10 a month"."""
        draft = self._draft
        numbered = [at for at, m in enumerate(self._sentence.all) if m.kind is Kind.COUNT and m.text.lower() == "many"]
        if not (numbered and draft.bounds and draft.grain) or draft.groups or len(draft.metrics) < 2:
            return
        counted = self._vocabulary.metrics[draft.metrics[0]]
        if counted.tally or counted.name in self._sentence.lexicon.counts:
            limit, label = self._sentence.mentions[draft.bounds[0][0]].text, counted.label
            raise NotReadableError(2, f"I cannot tell how many {label} are “{limit}” each.", limit)

    def _check_modifiers(self) -> None:
        """A word right before a noun tells more of it, it is no column: the postal of "postal street address"."""
        for mention, following in itertools.pairwise(self._sentence.all):
            if mention.kind is not Kind.DIMENSION or following.kind is not Kind.DIMENSION:
                continue
            hit = self._sentence.assignment.dimensions[mention.first]
            grouped = hit.ref in self._draft.groups and self._sentence.is_singular(mention)
            if grouped and not hit.full and hit.source != "event":
                raise NotReadableError(1, f"I do not know which “{following.text}” is “{mention.text}”.", mention.text)

    def _check_agents(self) -> None:
        """Who did it is no group: "booked by guests from Spain", "by Premium members", "by patients of each city"."""
        for at, mention in enumerate(self._sentence.mentions):
            if mention.kind is not Kind.BY or mention.text.lower() != "by":
                continue
            said, following = self._sentence.mentions[at + 1 : at + 2], self._sentence.kind(at + 2)
            if self._sentence.kind(at + 1) is Kind.VALUE and following is Kind.METRIC:
                said = self._sentence.mentions[at + 2 : at + 3]
            elif not (said and said[0].kind is Kind.DIMENSION and self._says_only_whose(at + 1, said[0])):
                continue
            reason = f"“{said[0].text}” may be a figure, a row for each, or only say who."
            raise NotReadableError(1, reason, said[0].text)

    def _says_only_whose(self, at: int, mention: Mention) -> bool:
        """Whether what stands after "by" may only say whose: before its own value, or before the true group."""
        hit = self._sentence.assignment.dimensions[mention.first]
        if self._sentence.value_dimension(at + 1) == hit.ref:
            return not hit.full
        personal = mention.contested or self._vocabulary.dimensions[hit.ref].personal
        grouped = self._sentence.kind(at + 1) is Kind.BY and self._sentence.kind(at + 2) is Kind.DIMENSION
        return personal and grouped and any(m.text.lower() in PREPOSITIONS for m in self._sentence.between(at, at + 1))

    def _check_percent(self) -> None:
        """A percent of what is not said: "% no-shows by month" is hardly how they spread over the months."""
        draft = self._draft
        both = [self._vocabulary.metrics[name] for name in draft.metrics]
        if draft.ratio and draft.percent and len({is_amount(metric) for metric in both}) > 1:
            mean = next(metric.label for metric in both if not is_amount(metric))
            said = [m.text for m in self._sentence.mentions if m.kind is Kind.METRIC]
            raise NotReadableError(1, f"{mean} is no amount that another is a part of.", *said[-1:])
        for mention, following in itertools.pairwise(self._sentence.all):
            if mention.kind is not Kind.SHARE or following.kind is not Kind.METRIC or draft.chosen or draft.ratio:
                continue
            metric, hit = draft.metrics[0], self._sentence.assignment.metrics[following.first]
            spread = not (draft.grain and not draft.groups) and hit.full
            if not spread and is_amount(self._vocabulary.metrics[metric]):
                raise NotReadableError(1, f"“{mention.text}” of what? Ask for “A in percent of B”.", mention.text)

    def _check_one_rank(self) -> None:
        """One end of one figure is ranked by: "the most orders and the lowest cost" are two rankings.

        "Top 5 with the lowest …" is one: the number and the end.
        """
        ranked = [at for at, m in enumerate(self._sentence.mentions) if _is_end(m)]
        for first, second in itertools.pairwise(ranked):
            between = {m.kind for m in self._sentence.mentions[first + 1 : second]}
            counted = self._sentence.mentions[first].kind is Kind.TOP
            if Kind.METRIC not in between and self._says_again(first, second):
                continue
            if Kind.METRIC in between or (not counted and (Kind.AND in between or not between)):
                said, other = self._sentence.mentions[first].text, self._sentence.mentions[second].text
                reason = f"“{said}” and “{other}” are two rankings; I do one at a time."
                raise NotReadableError(1, reason, other)

    def _says_again(self, first: int, second: int) -> bool:
        """Whether the second end only says which the first is: "the worst day, the one with the fewest visits"."""
        ends = [self._sentence.mentions[at].payload for at in (first, second)]
        return ends[0] in ("best", "worst") and ends[1] in ("highest", "lowest")

    def _check_extremes(self) -> None:
        """The maximum of an average in each group is not in its average: "maximum stay by hotel" ranks nothing."""
        for at, mention in enumerate(self._sentence.mentions):
            if mention.text.lower() not in EXTREMES or mention.kind is not Kind.SUPERLATIVE:
                continue
            if (
                self._sentence.kind(at + 1) is Kind.METRIC
                and self._sentence.kind(at + 2) is Kind.BY
                and self._sentence.kind(at - 1) is None
            ):
                metric = self._vocabulary.metrics[
                    self._sentence.assignment.metrics[self._sentence.mentions[at + 1].first].ref
                ]
                if not is_amount(metric):
                    raise NotReadableError(1, f"I do not know the {mention.text} of {metric.label}.", mention.text)

    def _check_sizes(self) -> None:
        """The largest of things that are counted is one of them: "the largest wildfire" is no number of wildfires."""
        for mention, following in itertools.pairwise(self._sentence.all):
            if mention.kind is not Kind.SUPERLATIVE or mention.text.lower() not in _SIZES:
                continue
            if following.kind is Kind.METRIC and self._sentence.is_singular(following):
                hit = self._sentence.assignment.metrics[following.first]
                label = self._vocabulary.metrics[hit.ref].label
                if rank_things(self._sentence, following):
                    continue
                if hit.ref in self._sentence.lexicon.counts and is_plural(words_of(label)[-1]):
                    reason = f"{label} tells how many there are, not how large one is (“{mention.text}”)."
                    raise NotReadableError(1, reason, mention.text)

    def _check_weekdays(self) -> None:
        """A weekday right before a day belongs to it: "Monday 14 July" of a year in which it is a Tuesday is a slip."""
        for mention, following in itertools.pairwise(self._sentence.all):
            if mention.kind is not Kind.TIME or following.kind is not Kind.TIME:
                continue
            span, said = following.payload.range, mention.text.lower()
            if said in _WEEKDAYS and span and span.start and span.start == span.end:
                day = _WEEKDAYS[span.start.weekday()].capitalize()
                reason = f"“{following.text}” is a {day}: leave one of them out, or put it right."
                raise NotReadableError(2, reason, mention.text, final=True)


def _is_end(mention: Mention) -> bool:
    """Whether the mention asks for an end of an order: the highest, the top 5."""
    return mention.kind is Kind.SUPERLATIVE or (mention.kind is Kind.TOP and mention.payload.end not in (None, "asked"))
