"""Which figure is meant where several are called alike: what stands for it, or the kind that a word asks for."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from nlq.core.outcome import Clarify, Outcome, Planned
from nlq.core.vocabulary import Dimension, Metric, Rows, Values, Vocabulary
from nlq.planning.planner import Planner
from tests.nlq import vocabularies

TODAY = date(2026, 7, 15)
MONEY = {"format": "currency", "unit": "currency", "additive": True, "direction": "up"}


@cache
def bakery() -> Vocabulary:
    """Shops of one bakery: takings in several forms, a rate of returned rolls, payments in money and number."""
    own = frozenset({"ticket__branch", "ticket__day_part", "ticket__bread"})
    paid = frozenset({"payment__branch", "payment__means"})
    metrics = [
        Metric("bread_gross", "Bakery takings before vouchers", "Before vouchers.", domain="bread", dimensions=own,
               **MONEY),
        Metric("bread_net", "Bakery takings", "What came in.", domain="bread", dimensions=own, headline=1, **MONEY),
        Metric("bread_quarter_hours", "Quarter hourly takings", "By quarter of an hour.", domain="bread",
               dimensions=own, **MONEY),
        Metric("bread_vans", "Takings of vans", "Sold from vans.", domain="bread", dimensions=own, **MONEY),
        Metric("bread_mtd", "Bakery takings month to date", "So far.", domain="bread", type="cumulative",
               cumulative=True, dimensions=own, **MONEY),
        Metric("bread_rolls_returned", "Rolls returned", "Brought back.", ("returned rolls",), domain="bread",
               format="integer", unit="rolls", direction="down", additive=True, dimensions=own),
        Metric("bread_return_rate", "Share of rolls returned", "Returned by sold.", ("roll return rate",), "ratio",
               "percent", "bread", "share", "down", own, parts=("bread_rolls_returned", "bread_rolls")),
        Metric("bread_rolls", "Rolls baked", "Baked.", domain="bread", format="integer", unit="rolls", additive=True,
               direction="up", dimensions=own),
        Metric("bread_paid", "Card slips in all", "Paid.", domain="bread", dimensions=paid, **MONEY),
        Metric("bread_slips", "Number of slips", "Slips.", domain="bread", format="integer", unit="slips",
               additive=True, dimensions=paid),
        Metric("bread_unit_price", "Average price per roll", "Takings by rolls.", ("roll price",), "ratio",
               "currency", "bread", "currency per roll", None, own, parts=("bread_net", "bread_rolls")),
    ]  # fmt: skip
    branches = Values(("Mill Lane", "Old Port", "Station"))
    dimensions = [
        Dimension("ticket__branch", "Branch", values=branches),
        Dimension("payment__branch", "Branch", values=branches),
        Dimension("ticket__day_part", "Part of the day", values=Values(("MORNING", "NOON"))),
        Dimension("ticket__bread", "Bread", values=Values(("Rye", "Spelt"))),
        Dimension("payment__means", "Means of payment", values=Values(("VOUCHER", "DEBIT_CARD"))),
    ]
    return Vocabulary.of(metrics, dimensions)


@cache
def hospital() -> Vocabulary:
    """Referrals as they come, and the waiting list at the end of each day."""
    referred, waiting = frozenset({"referral__ward", "referral__sent_on"}), frozenset({"listed__ward"})
    rows = Rows(tuple(referred), ("referral__sent_on",), "metric_time", counts=True)
    metrics = [
        Metric("h_referrals", "Referrals", "Sent to us.", format="integer", unit="referrals", domain="h",
               additive=True, dimensions=referred, rows=rows),
        Metric("h_open_referrals", "Pending referrals", "Not seen yet.", ("open referrals",), format="integer",
               unit="referrals", domain="h", additive=True, dimensions=referred),
        Metric("h_waiting", "Waiting list", "Referrals open at the end of the day.", ("open list",), format="integer",
               unit="referrals", domain="h", direction="down", moment=True, headline=1, dimensions=waiting),
        Metric("h_waiting_urgent", "Urgent waiting list", "Of them urgent.", ("open urgent list",), format="integer",
               unit="referrals", domain="h", direction="down", moment=True, dimensions=waiting),
    ]  # fmt: skip
    wards = Values(("North", "South"))
    dimensions = [Dimension("referral__ward", "Ward", values=wards), Dimension("listed__ward", "Ward", values=wards)]
    return Vocabulary.of(metrics, dimensions)


def ask(vocabulary: Vocabulary, question: str) -> Outcome:
    return Planner(vocabulary).plan(question, TODAY)


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("takings in june", "bread_net"),
        ("takings per branch last month", "bread_net"),
        ("takings before vouchers in june", "bread_gross"),
        ("quarter hourly takings in june", "bread_quarter_hours"),
        ("which branch has the best takings", "bread_net"),
        ("5 best takings days", "bread_net"),
    ],
)
def test_the_figure_that_stands_for_its_name_is_taken_unless_another_is_asked_for(question: str, metric: str) -> None:
    outcome = ask(bakery(), question)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)


def test_what_was_taken_is_told_with_the_others_to_choose_from() -> None:
    outcome = ask(bakery(), "takings in june")
    assert isinstance(outcome, Planned)
    assert outcome.notes[0].startswith("Taken as Bakery takings. Other figures: ")
    assert "Takings of vans" in outcome.notes[0]
    assert 1 <= len(outcome.others) <= 3
    assert all(choice.plan.metrics != outcome.plan.metrics and choice.because for choice in outcome.others)
    assert all(choice.plan.time_range == outcome.plan.time_range for choice in outcome.others)
    assert ask(bakery(), "bakery takings in june").model_dump(include={"notes", "others"}) == {
        "notes": (), "others": (),
    }  # fmt: skip


def test_a_layer_says_which_figure_is_a_variant() -> None:
    def called(variant_of: str) -> Vocabulary:
        own = frozenset({"visit__clinic"})
        metrics = [
            Metric("v_new", "New patients", format="integer", domain="v", dimensions=own, variant_of=variant_of),
            Metric("v_known", "Known patients", format="integer", domain="v", dimensions=own),
        ]
        return Vocabulary.of(metrics, [Dimension("visit__clinic", "Clinic", values=Values(("North", "South")))])

    asked = ask(called(""), "patients by clinic")
    assert isinstance(asked, Clarify)
    assert len(asked.choices) == 2
    outcome = ask(called("v_known"), "patients by clinic")
    assert isinstance(outcome, Planned)
    assert outcome.plan.metrics == ("v_known",)
    said = ask(called("v_known"), "new patients by clinic")
    assert isinstance(said, Planned)
    assert said.plan.metrics == ("v_new",)


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("debit card amount in june", "bread_paid"),
        ("number of debit card slips in june", "bread_slips"),
        ("rolls returned % by branch", "bread_return_rate"),
        ("which branch has the lowest returned rolls percentage", "bread_return_rate"),
    ],
)
def test_words_decide_the_kind_of_figure(question: str, metric: str) -> None:
    outcome = ask(bakery(), question)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)


@pytest.mark.parametrize(
    ("question", "descending"),
    [
        ("slowest branch for takings", False),
        ("weakest month of 2026 for takings", False),
        ("which bread has the cheapest average price", False),
        ("priciest average price by bread", True),
        ("which branch has the worst rolls returned", True),
    ],
)
def test_words_of_rank_decide_the_end(question: str, descending: bool) -> None:
    outcome = ask(bakery(), question)
    assert isinstance(outcome, Planned), outcome
    assert [key.descending for key in outcome.plan.order_by] == [descending]


def test_a_mean_is_divided_by_nothing_more() -> None:
    outcome = ask(bakery(), "average price per roll by bread")
    assert isinstance(outcome, Planned)
    assert (outcome.plan.metrics, outcome.plan.ratio) == (("bread_unit_price",), False)


@pytest.mark.parametrize(
    ("question", "metric"),
    [
        ("how many referrals were pending at the end of june", "h_waiting"),
        ("open referrals on 3 july by ward", "h_waiting"),
        ("referrals pending at the close of june", "h_waiting"),
        ("pending referrals as of 30 june by ward", "h_waiting"),
        ("open referrals as at the end of june", "h_waiting"),
        ("open referrals until 30 june", "h_open_referrals"),
        ("pending referrals", "h_open_referrals"),
        ("open referrals in june", "h_open_referrals"),
        ("pending referrals received on 3 july", "h_open_referrals"),
        ("referrals opened on 3 july", "h_referrals"),
    ],
)
def test_what_is_pending_at_a_moment_is_the_stock(question: str, metric: str) -> None:
    outcome = ask(hospital(), question)
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (metric,)


@pytest.mark.parametrize("question", ["how many visits got cancelled", "turnaround by ward"])
def test_close_calls_are_asked_back(question: str) -> None:
    assert not isinstance(ask(vocabularies.complaints(), question), Planned)
