"""A dimension is named by its own words: what it is of licenses none of its dimensions, and what sells is the thing."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Planned
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.english.forms import stem
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.planner import Planner
from tests.nlq import vocabularies

TODAY = date(2026, 7, 15)


def _trade(thing: str, places: tuple[str, ...]) -> Vocabulary:
    """Sales of things that are a figure, a dimension and an owner of dimensions at once."""
    own = frozenset({f"sale__{thing}_name", "sale__city"})
    metrics = [
        Metric("net_sales", f"{thing.capitalize()} sales", "Money taken.", ("sales",), "simple", "currency",
               dimensions=own, additive=True),
        Metric(f"selling_{thing}s", f"Selling {thing}s", "Different ones that sold.", (f"{thing}s",), "simple",
               "integer", dimensions=own, tally=True),
    ]  # fmt: skip
    dimensions = [
        Dimension(f"sale__{thing}_name", thing.capitalize(), "", (), "categorical", Values(places)),
        Dimension("sale__city", "City", "", (), "categorical", Values(("Oslo", "Bergen"))),
    ]
    return Vocabulary.of(metrics, dimensions)


@pytest.mark.parametrize(
    ("thing", "places"),
    [("store", ("Harbour", "Square")), ("kiosk", ("North", "South")), ("branch", ("Main", "Side"))],
)
@pytest.mark.parametrize(
    ("question", "count", "descending"),
    [
        ("best selling {}", 1, True),
        ("best selling {} in May?", 1, True),
        ("worst selling {} last month", 1, False),
        ("top 2 selling {}s in 2025", 2, True),
        ("which {} sold most", 1, True),
    ],
)
def test_what_sells_best_is_the_thing(
    thing: str, places: tuple[str, ...], question: str, count: int, descending: bool
) -> None:
    outcome = Planner(_trade(thing, places)).plan(question.format(thing), TODAY)
    assert isinstance(outcome, Planned), outcome
    plan = outcome.plan
    assert (plan.metrics, plan.group_by, plan.limit) == (("net_sales",), (f"sale__{thing}_name",), count)
    assert plan.order_by[0].descending is descending


@pytest.mark.parametrize(
    ("subject", "owner", "own"),
    [
        ("complaints", "sale", ()),
        ("complaints", "backlog", ()),
        ("clinic", "visit", ("visit__visit_id", "visit__visit_type")),
        ("parcels", "claim", ("claim__reason",)),
        ("gyms", "class", ("class__class_name",)),
        ("library", "book", ("book__book_id",)),
    ],
)
def test_what_a_dimension_is_of_does_not_name_it(subject: str, owner: str, own: tuple[str, ...]) -> None:
    hits = Lexicon(getattr(vocabularies, subject)()).dimensions([stem(owner)])
    assert {hit.ref for hit in hits} <= {*own}
