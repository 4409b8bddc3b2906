"""Numbers of things, where things bear numbers, and totals, where each thing has an amount, over three vocabularies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from nlq.core.outcome import Clarify, Outcome, Planned, Refused
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import clinic, library, parcels

TODAY = date(2026, 7, 15)


def planner(vocabulary: Vocabulary, renamed: dict[str, str], *more: tuple[Metric, Dimension]) -> Planner:
    """A planner over a vocabulary some of whose terms are called otherwise, with further figures of numbers."""
    terms = {**vocabulary.metrics, **vocabulary.dimensions}
    named = {name: replace(term, label=renamed.get(name, term.label)) for name, term in terms.items()}
    numbers = frozenset(dimension.name for _, dimension in more)
    metrics = [
        *(replace(term, dimensions=term.dimensions | numbers) for term in named.values() if isinstance(term, Metric)),
        *(metric for metric, _ in more),
    ]
    dimensions = [term for term in named.values() if isinstance(term, Dimension)]
    return Planner(Vocabulary.of(metrics, [*dimensions, *(dimension for _, dimension in more)]))


def amount_of(like: Metric, name: str, label: str) -> tuple[Metric, Dimension]:
    """A number of each thing, and its total."""
    dimension = Dimension(name, label, "", values=Values((3, 7)))
    dimensions = like.dimensions | {name}
    return replace(like, name="total", label=f"Total {label.lower()}", synonyms=(), dimensions=dimensions), dimension


NUMBERED = {
    "library": (library, {"reader__reader_id": "Reader number", "book__book_id": "Book number"}),
    "clinic": (clinic, {"visit__visit_id": "Visit number"}),
    "parcels": (parcels, {"parcel__parcel_id": "Parcel number"}),
}
AMOUNTS = {
    "library": (library, "loans", "loan__amount", "Loan amount"),
    "clinic": (clinic, "visits", "visit__amount", "Visit amount"),
    "parcels": (parcels, "parcels", "parcel__amount", "Parcel amount"),
}


def numbered(subject: str, question: str) -> Outcome:
    vocabulary, renamed = NUMBERED[subject]
    return planner(vocabulary(), renamed).plan(question, TODAY)


def summed(subject: str, question: str) -> Outcome:
    vocabulary, counts, name, label = AMOUNTS[subject]
    known = vocabulary()
    return planner(known, {}, amount_of(known.metrics[counts], name, label)).plan(question, TODAY)


@pytest.mark.parametrize(
    ("subject", "question", "metric", "keys"),
    [
        ("library", "the number of readers by town", "readers", ("reader__town",)),
        ("library", "which genre has the largest number of books", "books", ("book__genre",)),
        ("clinic", "count the number of visits in May 2026", "visits", ()),
        ("clinic", "top 2 specialties by number of visits? Return the specialty and number of visits.", "visits",
         ("visit__specialty",)),
        ("parcels", "number of parcels per carrier", "parcels", ("parcel__carrier",)),
        ("parcels", "what are the top 3 hubs by number of parcels?", "parcels", ("parcel__hub",)),
    ],
)  # fmt: skip
def test_a_number_of_things_is_how_many_there_are(subject, question, metric, keys) -> None:
    outcome = numbered(subject, question)
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.metrics, outcome.plan.group_by) == ((metric,), keys)


@pytest.mark.parametrize(
    ("subject", "question", "key"),
    [
        ("library", "list the reader number and town of all readers", "reader__reader_id"),
        ("clinic", "list the visit number and doctor of emergency visits", "visit__visit_id"),
        ("parcels", "list the parcel number and hub of lost parcels", "parcel__parcel_id"),
    ],
)
def test_the_number_of_a_thing_is_its_key(subject, question, key) -> None:
    outcome = numbered(subject, question)
    assert isinstance(outcome, Planned), outcome
    assert key in outcome.plan.group_by


@pytest.mark.parametrize(
    ("subject", "question", "key"),
    [
        ("library", "top 2 towns by total loan amount", "reader__town"),
        ("library", "total amount of loans for each genre", "book__genre"),
        ("clinic", "which clinics have the highest total visit amount? Return the clinic and total visit amount.",
         "visit__clinic"),
        ("clinic", "total visit amount by doctor", "visit__doctor"),
        ("parcels", "top 5 carriers by total parcel amount", "parcel__carrier"),
        ("parcels", "what is the total parcel amount per hub?", "parcel__hub"),
    ],
)  # fmt: skip
def test_a_total_of_a_number_of_each_is_the_figure_called_so(subject, question, key) -> None:
    outcome = summed(subject, question)
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.metrics, outcome.plan.group_by) == (("total",), (key,))


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("library", "median loan amount by town"),
        ("clinic", "average visit amount by doctor"),
        ("parcels", "lowest parcel amount by hub"),
    ],
)
def test_another_figure_of_a_number_of_each_is_not_its_total(subject, question) -> None:
    outcome = summed(subject, question)
    assert isinstance(outcome, Refused | Clarify), outcome


@pytest.mark.parametrize(
    ("subject", "count", "question"),
    [
        ("library", "loans", "how many loans are there per town"),
        ("clinic", "visits", "number of visits by doctor"),
        ("parcels", "parcels", "top 3 hubs by number of parcels"),
    ],
)
def test_how_many_asks_for_no_money(subject, count, question) -> None:
    vocabulary = NUMBERED[subject][0]()
    like = vocabulary.metrics[count]
    money = replace(like, name="money", label=f"Total {like.label.lower()}", format="currency", unit="EUR")
    terms = [*vocabulary.metrics.values(), money]
    outcome = Planner(Vocabulary.of(terms, list(vocabulary.dimensions.values()))).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (count,)


@pytest.mark.parametrize(
    ("subject", "question", "metric"),
    [
        ("library", "who are the top 2 authors by loans?", "loans"),
        ("clinic", "who are the top 3 doctors by visits? Return the doctor and visits.", "visits"),
        ("parcels", "who are the top 3 shippers by fees?", "fees"),
    ],
)
def test_who_asks_and_names_no_figure(subject, question, metric) -> None:
    vocabulary = NUMBERED[subject][0]()
    terms = [
        replace(term, synonyms=(*term.synonyms, "people who came")) if term.additive and name != metric else term
        for name, term in vocabulary.metrics.items()
    ]
    outcome = Planner(Vocabulary.of(terms, list(vocabulary.dimensions.values()))).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)
