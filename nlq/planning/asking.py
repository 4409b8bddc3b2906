"""What is said where a question is not simply answered: a question back with choices, or a refusal that helps.

Belongs here: the choices and their words. Does not belong here: finding readings (``search``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from nlq.core.outcome import MOST_CHOICES, Choice, Clarify, Outcome, Problem, Refused
from nlq.core.plan import Grain, Plan
from nlq.core.vocabulary import Metric
from nlq.english.forms import stem
from nlq.english.tokens import Token, set_of
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.mentions import Cover, Kind, Slip
from nlq.planning.drafts.ordering import usual_order
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.ranked.ranker import Ranked
from nlq.planning.search import Offer, quoted
from nlq.wording.explain import as_question

_STAYS = ("group_by", "filters", "time_range", "grain", "time_of", "comparison", "compare_with", "limit")
"""What of a doubtful plan is asked of other metrics as well; what is computed, ranked or limited may not fit them."""
_PLAIN = {"metrics", "group_by", "filters", "time_range", "grain", "time_of"}
"""What plans say whose figures can stand beside each other."""
_GREETINGS = set_of("hello hi hey thanks thank good morning afternoon evening there")
_HELP_CUES = set_of("help ask know data metrics metric figures questions work works answer available topics")
_HELP = _HELP_CUES | set_of(
    "what which can could do does i you we me tell about the a is are there have has how question figure answers use "
    "this kind kinds sort of for information anything everything show list all possible please get find out to with it "
    "your on"
)
_MOST_NAMED = 12
_MOST_OTHERS = 3
"""The most figures that are named beside the one that was taken."""


class Asking:
    """Puts questions back and refusals over one vocabulary."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon, self._vocabulary = lexicon, lexicon.vocabulary

    def which(self, readings: Sequence[Reading]) -> Outcome:
        """Several readings are as good as each other."""
        doubts = {reading.doubt for reading in readings}
        why = doubts.pop() if len(doubts) == 1 else ""
        asks = why if why.endswith("?") else f"{why or 'This can be read in several ways.'} Which do you mean?"
        return self._choose(asks, [reading.plan for reading in readings])

    def others(self, reading: Reading) -> tuple[tuple[str, ...], tuple[Choice, ...]]:
        """What was taken where figures are called alike, and the others as choices; nothing where none are."""
        plans = [other.plan for other in reading.others]
        if not plans:
            return (), ()
        known = self._vocabulary.metrics
        differs = next(n for n, name in enumerate(reading.plan.metrics) if name != plans[0].metrics[n])
        labels = list(dict.fromkeys(known[plan.metrics[differs]].label for plan in plans))
        others = f"{', '.join(labels[:_MOST_OTHERS])}{' and more' if len(labels) > _MOST_OTHERS else ''}"
        taken = known[reading.plan.metrics[differs]].label
        return (f"Taken as {taken}. Other figures: {others}.",), self._choose("", plans).choices[:_MOST_OTHERS]

    def several(self, plans: Sequence[Plan]) -> Outcome:
        """Several questions in one: each is offered, also about the time of the one before where it has none itself."""
        offered: list[Plan] = []
        time = None
        for plan in plans:
            if time and not plan.time_range and not plan.grain:
                offered.append(plan.model_copy(update={"time_range": time}))
            offered.append(plan)
            time = plan.time_range or time
        offered[:0] = [whole for whole in [_together(plans)] if whole]
        return self._choose("These are several questions; I answer one at a time. Which comes first?", offered)

    def unsure(self, reading: Reading) -> Outcome:
        """One doubtful reading: offer it beside the same question about the nearest other metrics."""
        plan = reading.plan
        if reading.doubt:
            return self._choose(
                reading.doubt if reading.doubt.endswith("?") else f"{reading.doubt} Do you mean this?", [plan]
            )
        needed = {*plan.group_by, *(item.dimension for item in plan.filters), *([plan.time_of] if plan.time_of else [])}
        label = self._vocabulary.metrics[plan.metrics[0]].label
        others = [
            name
            for near in self._lexicon.nearest(label, 12, metrics=self._vocabulary.metrics)
            for name, metric in self._vocabulary.metrics.items()
            if metric.label == near and name not in plan.metrics and needed <= metric.dimensions
        ]
        stays = {field: getattr(plan, field) for field in _STAYS}
        plain = [] if plan.records else [Plan(metrics=(name,), **stays) for name in others]
        return self._choose("I am not sure enough. Which do you mean?", [plan, *plain])

    def without(self, offer: Offer) -> Outcome:
        """What can be answered if some words are left out."""
        question = f"{offer.reason} Without {quoted(offer.left_out)}, do you mean this?"
        found = self._choose(question, [reading.plan for reading in offer.readings])
        return found.model_copy(update={"words": offer.left_out})

    def guessed(self, readings: Sequence[Reading], slips: Sequence[Slip]) -> Outcome:
        """What can be answered if unclear words are slips of known ones."""
        unclear = tuple(slip.written for slip in slips if not slip.read_as)
        found = self._choose(f"I do not know {quoted(unclear)}. Do you mean this?", [r.plan for r in readings])
        return found.model_copy(update={"words": unclear})

    def ranked(self, ranked: Ranked, problem: Problem) -> Outcome:
        """The likeliest plans, which may leave words unexplained; where they do not, some are taken by a guess."""
        unused = f" I did not use {quoted(ranked.left_out)}." if ranked.left_out else ""
        asks = f"{problem.reason}{unused} Do you mean one of these?"
        found = self._choose(asks, [reading.plan for reading in ranked.readings])
        return found.model_copy(update={"words": tuple(dict.fromkeys((*problem.words, *ranked.left_out)))})

    @staticmethod
    def first(offered: Clarify, others: Outcome) -> Outcome:
        """What the rules offer, its first choice before the likeliest others."""
        if not isinstance(others, Clarify):
            return offered
        first = offered.choices[0]
        known = {first.question}
        choices = [first, *(one for one in others.choices if one.question not in known)]
        return offered.model_copy(update={"choices": tuple(choices[:MOST_CHOICES])})

    def _choose(self, question: str, plans: Iterable[Plan]) -> Clarify:
        """A question back; choices that would read the same are offered once."""
        choices = {as_question(plan, self._vocabulary): plan for plan in reversed(list(plans))}
        offered = [Choice(question=text, plan=plan) for text, plan in reversed(choices.items())]
        return Clarify(question=question, choices=tuple(offered[:MOST_CHOICES]))

    def refuse(self, problem: Problem, slips: Sequence[Slip], question: str, cover: Cover) -> Refused:
        """Why there is no answer, and the nearest that exists."""
        nearest = list(problem.nearest)
        unclear = [slip for slip in slips if slip.written in problem.words and not slip.read_as]
        nearest += [word for slip in unclear for word in slip.near]
        text = " ".join(problem.words) if problem.words else question
        if not nearest:
            nearest = self._lexicon.nearest(text) or self._around(cover)
        return Refused(reason=problem.reason, words=problem.words, nearest=tuple(nearest[:6]))

    def _around(self, cover: Cover) -> list[str]:
        """What the recognised metric can be split by; without one, the first metrics there are."""
        names = [m.payload[0].ref for m in cover.mentions if m.kind is Kind.METRIC]
        if not names:
            return list(self.examples())
        shared = self._vocabulary.shared_dimensions(names[:1])
        known = [self._vocabulary.dimensions[n].label for n in sorted(shared) if n in self._vocabulary.dimensions]
        return list(dict.fromkeys(known))

    def examples(self) -> tuple[str, ...]:
        """The labels of a few plain metrics."""
        return tuple(metric.label for metric in self._vocabulary.plain_metrics()[:3])

    # --- help

    def help(self, tokens: Sequence[Token]) -> Outcome | None:
        """What can be asked, where that is the question: "hello", "what can I ask about sales"."""
        said = [token.norm for token in tokens]
        greets = all(word in _GREETINGS for word in said)
        about = [word for word in said if word not in _HELP | _GREETINGS]
        if not greets and (not _HELP_CUES & set(said) or len(about) > 1):
            return None
        if any(self._lexicon.metrics_in_full([stem(word)]) for word in _HELP_CUES & set(said)):
            return None  # a layer about questions is asked about them
        metrics = self._vocabulary.plain_metrics()
        if about:
            metrics = [m for m in metrics if self._is_about(m, about[0])]
        if not metrics:
            return None
        labels = list(dict.fromkeys(metric.label for metric in metrics))
        more = f", and {len(labels) - _MOST_NAMED} more" if len(labels) > _MOST_NAMED else ""
        named = ", ".join(labels[:_MOST_NAMED])
        found = self._choose(f"I know these figures: {named}{more}. For example:", self._samples(metrics))
        return found.model_copy(update={"is_help": True})

    def _is_about(self, metric: Metric, word: str) -> bool:
        return metric.domain == self._lexicon.domain(word) or any(
            hit.ref == metric.name for hit in self._lexicon.metrics([stem(word)])
        )

    def _samples(self, metrics: Sequence[Metric]) -> Iterable[Plan]:
        """A figure, a figure by a dimension, and one by month."""
        first = metrics[0]
        yield Plan(metrics=(first.name,))
        split = next((m for m in metrics[1:3] if self._split_of(m)), first)
        if dimension := self._split_of(split):
            yield Plan(metrics=(split.name,), group_by=(dimension,))
        yield Plan(metrics=(metrics[min(2, len(metrics) - 1)].name,), grain=Grain.MONTH)

    def _split_of(self, metric: Metric) -> str | None:
        """The dimension of a metric that has the fewest values, more than one."""
        known = (self._vocabulary.dimensions[name] for name in metric.dimensions if name in self._vocabulary.dimensions)
        usable = [d for d in known if d.type == "categorical" and len(d.values.items) > 1 and d.column != "tenant_id"]
        usable.sort(key=lambda d: (len(d.values.items), d.name.count("__"), d.name))
        return usable[0].name if usable else None


def _together(plans: Sequence[Plan]) -> Plan | None:
    """One plan with the figures of all, where these are plain and what one alone says may be meant of each.

    "What is the average bill, and how many visits by clinic" may mean both by clinic.
    """
    said = [one.model_dump(exclude_defaults=True, exclude={"order_by"}) for one in plans]
    metrics = tuple(dict.fromkeys(name for one in plans for name in one.metrics))
    if any(not one.keys() <= _PLAIN for one in said) or len(metrics) <= max(len(one.metrics) for one in plans):
        return None
    scope: dict[str, object] = {}
    for name in _PLAIN - {"metrics"}:
        different = {getattr(one, name) for one in plans if name in one.model_fields_set and getattr(one, name)}
        if len(different) > 1:
            return None
        if different:
            scope[name] = different.pop()
    try:
        whole = Plan.model_validate({"metrics": metrics, **scope})
    except ValidationError:
        return None
    order = usual_order(metrics, whole.group_by, stepped=whole.grain is not None)
    return whole.model_copy(update={"order_by": order})
