"""Units that an answer is asked in: "in dollars", "(USD)", "turnaround in hours", "in thousands of euros", "in kg".

Belongs here: unit words, finding them in a question, and whether they fit a metric, by its format, unit, label, names
and description. A unit never changes the figures: one that does not fit is refused with the unit that the metric has.
Does not belong here: percentages, which ask for a share (``sharing``); units of thresholds (``measures``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from nlq.core.vocabulary import Metric
from nlq.english.forms import singular
from nlq.english.general import AVERAGE_WORDS
from nlq.english.tokens import Token, words_of
from nlq.planning.drafts.draft import Decision, NotReadableError
from nlq.planning.drafts.measures import is_amount
from nlq.planning.drafts.mentions import Kind, Mention


class Measure(StrEnum):
    """What a unit measures."""

    MONEY = "money"
    TIME = "time"
    SCALE = "scale"
    OTHER = "other"


@dataclass(frozen=True)
class Unit:
    """A unit that was said. ``names`` are the codes of the currencies it may be, or its one name."""

    measure: Measure
    names: frozenset[str]
    scaled: bool = False
    """Whether thousands or millions of it were asked for."""


_CURRENCIES = {
    "USD": "dollar us$ $ buck",
    "EUR": "euro €",
    "GBP": "pound sterling £ quid",
    "JPY": "yen ¥",
    "CNY": "yuan renminbi rmb ¥",
    "INR": "rupee ₹",
    "BRL": "real reais",
    "CHF": "franc",
    "CAD": "dollar $",
    "AUD": "dollar $",
    "NZD": "dollar $",
    "SGD": "dollar $",
    "HKD": "dollar $",
    "MXN": "peso $",
    "ARS": "peso $",
    "CLP": "peso $",
    "COP": "peso $",
    "PHP": "peso ₱",
    "SEK": "krona kronor",
    "NOK": "krone kroner",
    "DKK": "krone kroner",
    "CZK": "koruna crown",
    "PLN": "zloty",
    "HUF": "forint",
    "RUB": "ruble rouble",
    "UAH": "hryvnia",
    "TRY": "lira ₺",
    "ILS": "shekel ₪",
    "KRW": "won ₩",
    "THB": "baht ฿",
    "IDR": "rupiah",
    "MYR": "ringgit",
    "VND": "dong ₫",
    "PKR": "rupee",
    "LKR": "rupee",
    "NPR": "rupee",
    "BDT": "taka",
    "ZAR": "rand",
    "NGN": "naira ₦",
    "KES": "shilling",
    "EGP": "pound",
    "AED": "dirham",
    "SAR": "riyal",
}
"""Currencies by their ISO 4217 code, and what people call them, in the singular."""
_TIMES = {"second": "sec", "minute": "min", "hour": "hr", "day": "", "week": "wk", "month": "mth", "year": "yr"}
_SCALES = {"thousand", "million", "billion", "lakh", "crore", "k", "mn", "bn"}
_OTHERS = {
    "kilogram": "kg kilo kilogramme",
    "gram": "gramme",
    "tonne": "ton metric",
    "pound": "lb",
    "ounce": "oz",
    "litre": "liter",
    "gallon": "",
    "kilometre": "km kilometer",
    "mile": "mi",
    "metre": "meter",
    "foot": "feet ft",
    "kilowatt hour": "kwh",
    "megawatt hour": "mwh",
    "gigabyte": "gb",
    "megabyte": "mb",
    "celsius": "",
    "fahrenheit": "",
    "cent": "penny pence paise",
}
_TAKING = {"it", "to", "taken", "needed", "until"}
_AMBIGUOUS = {"real", "won", "rand", "try", "second", "min", "mi", "oz", "dong", "metric", "k"}
"""Words of units that are more often something else: a unit only after "in"."""


def _table() -> dict[str, Unit]:
    found: dict[str, Unit] = {name: Unit(Measure.SCALE, frozenset({name})) for name in _SCALES}
    for name, others in _OTHERS.items():
        found |= dict.fromkeys([name, *others.split()], Unit(Measure.OTHER, frozenset({name})))
    for name, others in _TIMES.items():
        found |= dict.fromkeys([name, *others.split()], Unit(Measure.TIME, frozenset({name})))
    codes: dict[str, set[str]] = {}
    for code, names in _CURRENCIES.items():
        for name in (code.lower(), *names.split()):
            codes.setdefault(name, set()).add(code)
    return found | {name: Unit(Measure.MONEY, frozenset(members)) for name, members in codes.items()}


_UNITS = _table()
UNIT_WORDS = frozenset(name for name in _UNITS if len(name) > 1)
"""The words of units in the singular, for telling a slip from a word."""
_LEADS = (
    *(("expressed", "in"), ("measured", "in"), ("shown", "in"), ("given", "in"), ("counted", "in"), ("reported", "in")),
    *(("stated", "in"), ("converted", "to"), ("converted", "into"), ("in", "terms", "of"), ("expressed", "as")),
    *(("in",), ("as",)),
)
_ARTICLES = {"a", "an", "the", "whole", "full", "us", "american", "british", "canadian", "australian", "indian"}
_PEOPLES = {"us": "USD", "american": "USD", "british": "GBP", "canadian": "CAD", "australian": "AUD", "indian": "INR"}
_MONEY = """
    revenue sale amount price cost fee spend spending income profit margin value payment turnover earning budget balance
    salary wage tip fare tax discount refund charge debt donation gmv aov arr mrr ltv arpu rent expense premium money
    receipt bill
"""
_MONEY_WORDS = frozenset(_MONEY.split())
_NO_MONEY = {"integer", "percent", "hours"}
_RATES = {"rate", "share", "percent", "percentage", "ratio"}
_ASKING_VERBS = {"does", "do", "did", "is", "are", "was", "were", "on"}


class UnitFinder:
    """Finds the units in one question."""

    def __init__(self, question: str, tokens: Sequence[Token]) -> None:
        self._question, self._tokens = question, tokens

    def at(self, first: int) -> tuple[int, Unit] | None:
        """The place after a unit that is said at a place, with the words before it, and the unit."""
        for lead in _LEADS:
            if tuple(self._norm(first + n) for n in range(len(lead))) == lead:
                return self._named(first + len(lead))
        if self._is_bracketed(first):
            return self._named(first)
        return self._bare(first)

    def _named(self, at: int) -> tuple[int, Unit] | None:
        people = None
        while self._norm(at) in _ARTICLES:
            people = _PEOPLES.get(self._norm(at), people)
            at += 1
        unit = self._unit(at)
        if unit is None or (unit.measure is Measure.TIME and not self._is_of_time(at)):
            return None
        if people and people in unit.names:
            unit = Unit(unit.measure, frozenset({people}))
        if unit.measure is not Measure.SCALE:
            return at + 1, unit
        after = self._named(at + 2 if self._norm(at + 1) == "of" else at + 1)
        if after and after[1].measure in (Measure.MONEY, Measure.OTHER):
            return after[0], Unit(after[1].measure, after[1].names, scaled=True)
        return at + 1, unit

    def _is_of_time(self, at: int) -> bool:
        """Whether hours are a unit here, not a time of the calendar: "in hours", not "in day 3", "in years 2024 …"."""
        plural = singular(self._norm(at)) != self._norm(at) or self._norm(at) not in _TIMES
        return plural and not (at + 1 < len(self._tokens) and self._tokens[at + 1].kind in ("number", "date"))

    def _is_bracketed(self, at: int) -> bool:
        token = self._tokens[at]
        return self._question[: token.start].endswith(("(", "[")) and self._question[token.end :].startswith((")", "]"))

    def _bare(self, at: int) -> tuple[int, Unit] | None:
        """A currency by its code, its sign or after an amount, or what is counted in "how many dollars".

        So is the time of "the average hours it takes".
        """
        if self._norm(at) == "many":
            unit, asks = self._unit(at + 1), self._norm(at + 2) in _ASKING_VERBS
            counted = unit and (unit.measure is Measure.MONEY or (unit.measure is Measure.TIME and asks))
            if counted and self._counts_steps(at):
                return None
            return (at + 2, unit) if unit and counted else None
        unit = self._unit(at)
        if unit is None:
            return None
        if unit.measure is Measure.TIME:
            averaged = self._norm(at - 1) in AVERAGE_WORDS and self._norm(at + 1) in _TAKING
            return (at + 1, unit) if averaged else None
        text = self._tokens[at].text
        behind = at > 0 and self._tokens[at - 1].kind == "number"
        sign = not text.isalnum() and (behind or not self._beside_number(at))
        counted = behind and text.isalpha()
        word = (text in _CURRENCIES or counted) and self._norm(at) not in _AMBIGUOUS
        return (at + 1, unit) if unit.measure is Measure.MONEY and (sign or word) else None

    def _counts_steps(self, many: int) -> bool:
        """Whether days are counted, not taken: "on how many days …", "in how many months were there over 100 …"."""
        before = self._norm(many - 2) if self._norm(many - 1) == "how" else ""
        limited = any(token.kind == "number" for token in self._tokens[many + 2 :])
        return before == "on" or (before in ("in", "during") and limited)

    def _beside_number(self, at: int) -> bool:
        return any(0 <= n < len(self._tokens) and self._tokens[n].kind == "number" for n in (at - 1, at + 1))

    def _unit(self, at: int) -> Unit | None:
        norm = self._norm(at)
        return _UNITS.get(norm) or _UNITS.get(singular(norm)) or (_UNITS.get(norm[:-1]) if norm.endswith("s") else None)

    def _norm(self, at: int) -> str:
        if 0 <= at < len(self._tokens) and self._tokens[at].kind != "quoted":
            return self._tokens[at].norm
        return ""


def check_units(mentions: Iterable[Mention], metrics: Sequence[Metric]) -> list[Decision]:
    """What the units of a question mean; each fits one of the metrics, that of a limit all of them.

    Raises:
        NotReadableError: none of the metrics has that unit, or it is not sure that the one that is limited does.
    """
    found: list[Decision] = []
    before: Mention | None = None
    for mention in mentions:
        if mention.kind is Kind.UNIT:
            limits = before is not None and before.kind is Kind.THRESHOLD
            found.append(_check(mention, metrics, fits_all=limits))
        before = mention
    return found


def _check(mention: Mention, metrics: Sequence[Metric], *, fits_all: bool) -> Decision:
    unit: Unit = mention.payload
    meanings = [_fits(unit, metric) for metric in metrics]
    meaning = next(filter(None, meanings), None)
    if meaning and (all(meanings) or not fits_all):
        return Decision(mention.text, f"{meaning}; not scaled" if unit.scaled else meaning)
    own = "; ".join(f"{metric.label} is {_own(metric)}" for metric in metrics)
    reason = f"{own}, not {_said(mention.text)}. I convert no units: leave it out, or ask for another figure."
    raise NotReadableError(2, reason, mention.text, nearest=[metric.label for metric in metrics], final=True)


def _fits(unit: Unit, metric: Metric) -> str | None:
    """What the unit means of a metric; None where the metric does not have it."""
    if unit.measure is Measure.MONEY:
        if not measures_money(metric):
            return None
        known = _currencies(metric)
        if not known:
            return f"{metric.label}; the layer does not name its currency"
        return f"{metric.label} is in {_listed(known & unit.names)}" if known & unit.names else None
    if unit.measure is Measure.TIME:
        return f"{metric.label} is in {_time_unit(metric)}s" if _time_unit(metric) in unit.names else None
    if unit.measure is Measure.SCALE:
        plain = _time_unit(metric) is None and not metric.is_ratio and (is_amount(metric) or measures_money(metric))
        return f"{metric.label} is given in full" if plain else None
    name = next(iter(unit.names))
    aliases = {name, *_OTHERS[name].split()}
    return f"{metric.label} is in {name}s" if aliases & _words(metric) else None


def measures_money(metric: Metric) -> bool:
    """Whether the metric is a sum of money, by its format, its unit or its names."""
    if metric.is_money or _codes([metric.unit or ""]):
        return True
    if (metric.format or "").lower() in _NO_MONEY or _time_unit(metric):
        return False
    names = {singular(word) for text in (metric.label, metric.name, *metric.synonyms) for word in words_of(text)}
    return bool(_codes([metric.label, metric.name]) or (names & _MONEY_WORDS and not names & _RATES))


def is_currency(word: str) -> bool:
    """Whether a word or a sign is a currency: usd, dollars, ₹."""
    return bool(_codes([word]))


def _currencies(metric: Metric) -> frozenset[str]:
    """The currencies that a metric may be in; where its unit says none, its names, and then its description."""
    for texts in ([metric.unit or ""], [metric.label, metric.name, *metric.synonyms], [metric.description]):
        if found := _codes(texts):
            return found
    return frozenset()


def _codes(texts: Iterable[str]) -> frozenset[str]:
    """The codes of the currencies that texts name; a code alone counts more than a name that several share."""
    words = [word for text in texts for word in (*words_of(text), *(sign for sign in text if sign in _UNITS))]
    named = [_UNITS.get(word) or _UNITS.get(singular(word)) for word in words if word not in _AMBIGUOUS]
    money = [unit.names for unit in named if unit and unit.measure is Measure.MONEY]
    sure = frozenset[str]().union(*(names for names in money if len(names) == 1))
    return sure or frozenset[str]().union(*money)


def _time_unit(metric: Metric) -> str | None:
    """The unit of time that a metric is counted in."""
    if metric.is_money:
        return None
    words = [
        word for text in (metric.unit or "", metric.format or "", metric.label, metric.name) for word in words_of(text)
    ]
    units = (_UNITS.get(singular(word)) for word in words if word != "second")
    return next((next(iter(unit.names)) for unit in units if unit and unit.measure is Measure.TIME), None)


def _words(metric: Metric) -> set[str]:
    texts = (metric.unit or "", metric.label, metric.name, metric.description, *metric.synonyms)
    return {form for text in texts for word in words_of(text) for form in (word, singular(word))}


def _own(metric: Metric) -> str:
    """The unit of a metric, for people."""
    if measures_money(metric):
        return f"in {_listed(_currencies(metric))}" if _currencies(metric) else "money"
    if metric.is_ratio:
        return "a percentage"
    if unit := _time_unit(metric):
        return f"in {unit}s"
    return f"in {metric.unit}" if metric.unit else "a number"


def _said(text: str) -> str:
    return text if text.lower().startswith(("in ", "as ")) else f"in {text}"


def _listed(codes: Iterable[str]) -> str:
    return " or ".join(sorted(codes))
