"""What speaks for a plan and what against it, as named numbers that mean the same in every layer.

Belongs here: the features of a sketch, each a sum over its parts and over the words that no part explains. Does not
belong here: what they weigh (``model``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from nlq.core.plan import DimensionFilter, Operator
from nlq.core.vocabulary import Metric, Vocabulary
from nlq.english import general as w
from nlq.english.forms import stem
from nlq.english.tokens import set_of, words_of
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.ranked.near import Fit
from nlq.planning.ranked.signals import Signals, Value
from nlq.planning.ranked.sketch import Sketch

_MEANS = {stem(one) for one in ("average", "mean", "median")}
_MOST, _LEAST = stem("maximum"), stem("minimum")
_AGGREGATES = {
    stem(one) for one in ("average", "median", "maximum", "minimum", "total", "number", "count", "rate", "share", "sum")
}
_TOTALS = w.TOTALLING | {"amount", "altogether", "sum"}
_MOST_COUNTED = 3
_WEAK = 0.5


class Part(NamedTuple):
    """One part of a plan: what speaks for it, and a bit for the place of each word that it explains."""

    features: dict[str, float]
    at: int = 0


class Features:
    """The features of sketches for one question."""

    def __init__(self, signals: Signals, lexicon: Lexicon) -> None:
        self._signals, self._lexicon = signals, lexicon
        self._vocabulary: Vocabulary = lexicon.vocabulary
        self._metric_fits = {fit.ref: fit for fit in signals.metrics}
        self._dimension_fits = {fit.ref: fit for fit in signals.dimensions}
        self._values: dict[tuple[str, str], tuple[Value, int, int, bool]] = {}
        for span in signals.spans:
            at = bits(span.at)
            for place, option in enumerate(span.options):
                values = option.value if isinstance(option.value, tuple) else (option.value,)
                for value in (*values, option.text):
                    self._values.setdefault((option.dimension, str(value)), (option, at, place, span.negated))
        words = signals.words
        self._says_mean = bool(words & w.AVERAGE_WORDS)
        self._says_share = bool(words & (w.SHARE_WORDS | w.RATES))
        self._says_total = bool(words & _TOTALS)
        self._says_many = "many" in words or ("number" in words and "of" in words) or bool(words & {"count"})
        self._says_much = "much" in words
        self._end = _end_of(words)
        self._parts: dict[tuple[str, object], Part] = {}
        self._classes: dict[str, int] = {}
        for at, kind in signals.classes.items():
            self._classes[kind] = self._classes.get(kind, 0) | 1 << at
        self.telling = bits(signals.classes)

    def of(self, sketch: Sketch) -> dict[str, float]:
        """All features of a sketch, those that are zero left out."""
        parts = list(self._all(sketch))
        total: dict[str, float] = {}
        at = 0
        for part in parts:
            for name, value in part.features.items():
                total[name] = total.get(name, 0.0) + value
            at |= part.at
        total |= self.words(at)
        total |= self.together(sketch)
        total["n_idle"] = float(_idle(parts))
        return total

    def explained(self, sketch: Sketch) -> int:
        """A bit for each place of a word that became a part."""
        at = 0
        for part in self._all(sketch):
            at |= part.at
        return at

    def _all(self, sketch: Sketch) -> Iterable[Part]:
        for place, name in enumerate(sketch.metrics):
            yield self.metric(name, further=place > 0)
        for name in sketch.groups:
            yield self.group(name)
        for item in (*sketch.filters, *(sketch.share or ())):
            yield self.filter(item)
        yield self.others(sketch)

    # --- parts

    def metric(self, name: str, *, further: bool = False) -> Part:
        """How well a metric is named, and its way of summing up asked for."""
        key = ("further" if further else "metric", name)
        if key not in self._parts:
            self._parts[key] = self._metric(self._vocabulary.metrics[name], further=further)
        return self._parts[key]

    def _metric(self, metric: Metric, *, further: bool) -> Part:
        fit = self._metric_fits.get(metric.name)
        found = _fitted("m", fit)
        missing = fit.missing if fit else frozenset()
        found["m_missing"] = min(_MOST_COUNTED, len(missing - _AGGREGATES))
        at = bits(fit.at) if fit else 0
        for feature, value, words in self._aggregate(metric):
            found[feature] = found.get(feature, 0.0) + value
            at |= words
        found["m_counts"] = float(metric.name in self._lexicon.counts)
        found["m_headline"] = float(metric.headline > 0)
        found["m_simple"] = float(metric.type == "simple")
        if further:
            found = {"x_" + one.removeprefix("m_"): value for one, value in found.items() if one in _FURTHER}
            found["x_n"] = 1.0
        return Part(found, at)

    def _aggregate(self, metric: Metric) -> Iterable[tuple[str, float, int]]:
        """Whether its way of summing up is what the words ask for; with the places of those words."""
        called = {stem(one) for one in (*words_of(metric.label), *words_of(metric.name))}
        mean = bool(called & _MEANS)
        if mean:
            yield ("a_mean_said" if self._says_mean else "a_mean_unsaid"), 1.0, self._at(w.AVERAGE_WORDS)
        elif self._says_mean:
            yield "a_mean_lost", 1.0, 0
        ends = {"highest": _MOST in called, "lowest": _LEAST in called}
        if any(ends.values()):
            fits = self._end is not None and ends[self._end]
            words = self._at(w.HIGHEST | w.LOWEST | {"expensive"}) if fits else 0
            yield ("a_end_said" if fits else "a_end_unsaid"), 1.0, words
        if metric.is_ratio:
            yield ("a_share_said" if self._says_share else "a_share_unsaid"), 1.0, self._at(w.SHARE_WORDS | w.RATES)
        elif self._says_share:
            yield "a_share_lost", 1.0, 0
        if self._says_many:
            yield ("a_many_count" if metric.tally else "a_many_other"), 1.0, 0
        if self._says_much:
            yield ("a_much_sum" if metric.additive and not metric.tally else "a_much_other"), 1.0, 0
        if self._says_total:
            yield ("a_total_sum" if metric.additive else "a_total_other"), 1.0, self._at(_TOTALS)

    def group(self, name: str) -> Part:
        """How well a group is named, and what licenses it."""
        key = ("group", name)
        if key not in self._parts:
            fit = self._dimension_fits.get(name)
            found = _fitted("g", fit)
            dimension = self._vocabulary.dimensions[name]
            licences = {self._signals.licensed.get(at, "") for at in fit.at} if fit else set[str]()
            licence = next((one for one in ("by", "which", "list") if one in licences), "none")
            found[f"g_{licence}"] = 1.0
            found["g_n"] = 1.0
            found["g_weak"] = float(fit is None or fit.coverage * fit.likeness < _WEAK)
            found["g_name"] = float(dimension.is_name)
            found["g_time"] = float(dimension.is_time)
            found["g_hops"] = float(max(0, name.count("__") - 1))
            found["g_missing"] = min(_MOST_COUNTED, len(fit.missing)) if fit else 0.0
            at = bits(fit.at) if fit else 0
            asked = self._signals.words & {"who", "whose", "whom"}
            if asked and (dimension.is_name or dimension.personal):
                at |= self._at(asked)
            if dimension.is_time and "when" in self._signals.words:
                at |= self._at({"when"})
            self._parts[key] = Part(found, at)
        return self._parts[key]

    def filter(self, item: DimensionFilter) -> Part:
        """How well the values of a filter are named."""
        key = ("filter", item)
        if key not in self._parts:
            self._parts[key] = self._filter(item)
        return self._parts[key]

    def _filter(self, item: DimensionFilter) -> Part:
        found: dict[str, float] = defaultdict(float, f_n=1.0, f_hops=float(max(0, item.dimension.count("__") - 1)))
        at = 0
        fit = self._dimension_fits.get(item.dimension)
        if item.operator in (Operator.GT, Operator.GE, Operator.LT, Operator.LE):
            found["f_number"] = 1.0
            found["f_number_fit"] = fit.coverage * fit.likeness if fit else 0.0
            at |= (bits(fit.at) if fit else 0) | self._at_bounds()
            return Part(dict(found), at)
        for value in item.values:
            known = self._values.get((item.dimension, str(value)))
            if known is None:
                flag = self._vocabulary.dimensions[item.dimension].yes_no is not None
                found["f_flag" if flag and fit else "f_unsaid"] += 1.0
                continue
            option, places, order, negated = known
            at |= places
            found["f_part"] += 1.0 - option.coverage
            found["f_named"] += float(option.named)
            found["f_order"] += min(order, _MOST_COUNTED)
            found["f_negated_lost"] += float(negated is not (item.operator is Operator.NOT_IN))
        if fit and fit.coverage * fit.likeness > _WEAK:
            at |= bits(fit.at)
        if item.operator is Operator.NOT_IN:
            at |= self._at(w.NOT_WORDS)
        found["f_contains"] = float(item.operator is Operator.CONTAINS)
        return Part(dict(found), at)

    def _at_bounds(self) -> int:
        return bits(at for m in self._signals.bounds for at in range(m.first, m.last))

    def others(self, sketch: Sketch) -> Part:
        """Times, steps, ranks and limits."""
        said, at, found = self._signals, 0, dict[str, float]()
        if sketch.time and said.times:
            at |= self._at_times()
            found["t_time"] = 1.0
        yearly = any(self._vocabulary.dimensions[item.dimension].is_year for item in sketch.filters)
        if said.times and not sketch.time and yearly:
            at |= self._at_times()
            found["t_year"] = 1.0
        if sketch.grain:
            found["s_n"] = 1.0
            found["s_bare"] = float(said.grain is None or said.grain.payload.bare)
            at |= _span(said.grain) if said.grain else 0
        if sketch.rank:
            at |= bits(said.places(Kind.SUPERLATIVE) | said.places(Kind.TOP))
        if sketch.ratio or sketch.share is not None:
            at |= self._at(w.SHARE_WORDS | w.RATES | set_of("ratio ratios divided per out"))
            found["w_ratio" if sketch.ratio else "w_part" if sketch.share else "w_share"] = 1.0
            found["w_unsaid"] = float(not self._says_share)
        if sketch.having:
            at |= self._at_bounds()
            found["b_having"] = 1.0
            found["b_no_group"] = float(not sketch.groups and not sketch.grain)
        return Part(found, at)

    def _at_times(self) -> int:
        """The words of the time that is taken, and of those that say the same days again."""
        days = self._signals.times[0].payload.range
        return bits(at for m in self._signals.times if m.payload.range == days for at in range(m.first, m.last))

    # --- what no part has by itself

    def words(self, explained: int) -> dict[str, float]:
        """The words that are not explained, by their class."""
        left = (self.telling & ~explained).bit_count()
        found = {"u_part": left / (self.telling.bit_count() or 1), "u_none": float(not left)}
        for kind, places in self._classes.items():
            if count := (places & ~explained).bit_count():
                found[f"u_{kind}"] = float(min(count, _MOST_COUNTED))
        return found

    def together(self, sketch: Sketch) -> dict[str, float]:
        """What the parts make together."""
        found: dict[str, float] = {}
        called = {stem(one) for one in words_of(self._vocabulary.metrics[sketch.metrics[0]].label)}
        extreme = bool(called & {_MOST, _LEAST})
        groups, said = len(sketch.groups), self._signals
        if said.rank is not None:
            if sketch.rank:
                found["r_extreme" if extreme else "r_used"] = 1.0
                found["r_several"] = float(groups > 1)
            else:
                found["r_figure" if extreme and not groups else "r_lost"] = 1.0
        if groups == 0 and not sketch.grain:
            asks = said.words & (w.WHICH_WORDS - {"what", "whats"} | {"who"})
            found["n_which_lost"] = float(bool(asks) and not sketch.records)
            found["n_each_lost"] = float(bool(said.words & {"each", "every", "per"}))
        found["n_many_split"] = float(self._says_many and groups > 0 and not sketch.count and not sketch.rank)
        single = {f.dimension for f in sketch.filters if f.operator is Operator.IN and len(f.values) == 1}
        found["n_filtered_group"] = float(len(single.intersection(sketch.groups)))
        found["n_parts"] = float(groups + len(sketch.filters) + len(sketch.having) + bool(sketch.time))
        found["n_groups2"] = float(max(0, groups - 1))
        if sketch.records:
            listed = bool(said.words & (w.LISTING | w.SHOWING | {"name", "names", "find"}))
            found["n_records_listed" if listed else "n_records"] = 1.0
        if sketch.count:
            found["n_count_many" if self._says_many else "n_count"] = 1.0
        claimed = overlap = 0
        for part in (self.metric(sketch.metrics[0]), *map(self.group, sketch.groups)):
            overlap |= claimed & part.at
            claimed |= part.at
        found["n_overlap"] = float(min(_MOST_COUNTED, overlap.bit_count()))
        found["n_one_each"] = float(
            not sketch.count and not sketch.records and self._lexicon.is_one_each(sketch.metrics[0], sketch.groups)
        )
        return {name: value for name, value in found.items() if value}

    def _at(self, words: Iterable[str]) -> int:
        wanted = set(words)
        return bits(at for at, token in enumerate(self._signals.tokens) if token.norm in wanted)


_FURTHER = frozenset({"m_said", "m_coverage", "m_missing", "m_unsaid", "a_mean_unsaid", "a_end_unsaid"})


def _fitted(prefix: str, fit: Fit | None) -> dict[str, float]:
    if fit is None:
        return {f"{prefix}_unsaid": 1.0}
    return {
        f"{prefix}_said": fit.said,
        f"{prefix}_coverage": fit.coverage,
        f"{prefix}_full": float(fit.coverage > 0.95),
        f"{prefix}_likeness": fit.likeness,
        f"{prefix}_{fit.source}": 1.0,
    }


def _end_of(words: Iterable[str]) -> str | None:
    said = set(words)
    if said & w.LOWEST | said & {"cheapest", "shortest", "youngest"}:
        return "lowest"
    return "highest" if said & w.HIGHEST | said & {"longest", "oldest"} else None


def bits(places: Iterable[int]) -> int:
    """A number with a bit for each place."""
    found = 0
    for at in places:
        found |= 1 << at
    return found


def _span(mention: Mention) -> int:
    return bits(range(mention.first, mention.last))


def _idle(parts: Sequence[Part]) -> int:
    """How many parts explain no word of their own."""
    once = twice = 0
    for part in parts:
        twice |= once & part.at
        once |= part.at
    return sum(not part.at & ~twice for part in parts[:-1] if part.features)
