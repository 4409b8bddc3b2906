"""Whole plans, ranked, over made-up layers: what is offered, what stays refused, and what is told of the words."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from nlq.core.outcome import UNCLEAR, Clarify, Planned, Problem, Refused
from nlq.core.plan import Comparator, DimensionFilter, Grain, OrderBy, Plan, Threshold, TimeRange
from nlq.core.spelling import same_form
from nlq.english.tokens import tokenize
from nlq.planning.asking import Asking
from nlq.planning.drafts.draft import Reading
from nlq.planning.drafts.mentions import Reach
from nlq.planning.finding.lexicon import Lexicon
from nlq.planning.planner import Planner
from nlq.planning.ranked import model
from nlq.planning.ranked.features import Features, bits
from nlq.planning.ranked.near import NearIndex
from nlq.planning.ranked.ranker import Ranked, Ranker, Scored
from nlq.planning.ranked.signals import Signals
from nlq.planning.ranked.sketch import Rank, Sketch, sketch_of
from nlq.planning.search import Asked, Search
from tests.nlq import vocabularies
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)


@cache
def lexicon(subject: str) -> Lexicon:
    return Lexicon(getattr(vocabularies, subject)())


def looked(subject: str, question: str) -> tuple[Ranker, Signals, Features]:
    words = lexicon(subject)
    ranker, text = Ranker(words), same_form(question)
    asked = Asked(text, tokenize(text), TODAY)
    return ranker, *ranker.look(asked, Search(words).finder(asked, Reach.RELATED).mentions)


def likeliest(subject: str, question: str, count: int = 4) -> list[Scored]:
    ranker, said, features = looked(subject, question)
    return ranker.scored(said, features)[:count]


def sketched(subject: str, question: str) -> list[Sketch]:
    return [one.sketch for one in likeliest(subject, question)]


def test_near_words_are_forms_kin_and_alike_in_spelling() -> None:
    near = NearIndex(vocabularies.parcels())
    assert near.near("carriers") == {"carrier": 1.0}
    assert near.near("zorgle") == {}
    assert near.rarity("claim") > near.rarity("parcel")
    fits = {fit.ref: fit for fit in near.terms({3: "service", 4: "level"})}
    assert fits["parcel__service_level"].coverage == 1
    assert fits["parcel__service_level"].at == {3, 4}
    assert near.terms({}) == []


def test_words_of_a_kind_are_told_apart() -> None:
    _, said, _ = looked(
        "parcels", "How many parcels of Zork were not sent “by hand” before 3 May 2026, over 40 percent?"
    )
    kinds = {said.tokens[at].text: kind for at, kind in said.classes.items()}
    assert kinds["Zork"] == "name"
    assert kinds["not"] == "logic"
    assert kinds["“by hand”"] == "quoted"
    assert kinds["May"] == "time"


@pytest.mark.parametrize(
    ("subject", "question", "wanted"),
    [
        (
            "parcels",
            "responsible carrier with the most claims",
            Sketch(("claims",), ("claim__carrier",), rank=Rank(True)),
        ),
        ("parcels", "parcels that each hub shepherds", Sketch(("parcels",), ("parcel__hub",))),
        (
            "parcels",
            "fees that Acme Tools incurred",
            Sketch(("fees",), filters=(DimensionFilter(dimension="parcel__shipper", values=("Acme Tools",)),)),
        ),
        (
            "clinic",
            "visits that Dr. Li Chen handled in 2025",
            Sketch(
                ("visits",),
                filters=(DimensionFilter(dimension="visit__doctor", values=("Dr. Li Chen",)),),
                time=TimeRange(start=date(2025, 1, 1), end=date(2025, 12, 31)),
            ),
        ),
        (
            "clinic",
            "clinics that juggled more than 40 visits",
            Sketch(
                ("visits",),
                ("visit__clinic",),
                having=(Threshold(metric="visits", comparator=Comparator.GT, value=40),),
            ),
        ),
    ],
)
def test_the_plan_that_is_meant_is_among_the_likeliest(subject: str, question: str, wanted: Sketch) -> None:
    assert wanted in sketched(subject, question)


@pytest.mark.parametrize(
    ("subject", "question", "wanted"),
    [
        (
            "parcels",
            "what percentage of parcels did Rapido haul",
            Sketch(("parcels",), share=(DimensionFilter(dimension="parcel__carrier", values=("Rapido",)),)),
        ),
        ("parcels", "percentage of fees that hubs swallow", Sketch(("fees",), ("parcel__hub",), share=())),
        ("gyms", "cancellations-to-signups ratio of plans", Sketch(("cancellations", "signups"), ratio=True)),
        (
            "shops",
            "orders that the boss approves",
            Sketch(("orders",), filters=(DimensionFilter(dimension="order__approved", values=("Y",)),)),
        ),
        (
            "shops",
            "orders that the boss never approves",
            Sketch(("orders",), filters=(DimensionFilter(dimension="order__approved", values=("N",)),)),
        ),
    ],
)
def test_shares_ratios_and_flags_are_weighed_where_something_asks_for_them(
    subject: str, question: str, wanted: Sketch
) -> None:
    ranker, said, features = looked(subject, question)
    found = [one.sketch for one in ranker.scored(said, features, most=500)]
    assert wanted in found
    plan = wanted.plan()
    assert plan is not None and sketch_of(plan) == wanted
    ranker, said, features = looked(subject, "parcels, fees, bookings, cancellations and sign-ups by hub and plan")
    plain = [one.sketch for one in ranker.scored(said, features, most=500)]
    assert not any(sketch.ratio or sketch.share is not None for sketch in plain)


def test_what_was_offered_by_rules_is_weighed_with_the_rest() -> None:
    ranker, said, features = looked("parcels", "late parcels by weekday compared")
    rules = Planner(vocabularies.parcels(), ranks=False)
    offered = rules.plan("parcels of zorgle by carrier", TODAY)
    assert isinstance(offered, Clarify)
    scored = ranker.scored(said, features, offered)
    assert [one for one in scored if one.features.get("p_offered") and one.plan == offered.choices[0].plan]
    assert sum(one.chance for one in scored) <= 1.0001


def test_likely_plans_are_offered_where_rules_refuse_and_say_what_was_not_used() -> None:
    question = "how many stays were booked through a travel agent"
    assert isinstance(Planner(vocabularies.hotels(), ranks=False).plan(question, TODAY), Refused)
    outcome = planner("hotels").plan(question, TODAY)
    assert isinstance(outcome, Clarify)
    assert 1 <= len(outcome.choices) <= 4
    for choice in outcome.choices:
        told = [one for one in choice.because if one.start is not None]
        assert [question[one.start : one.end] for one in told] == [one.words for one in told]
    assert all(word in outcome.question for word in outcome.words)


def test_what_is_offered_by_a_guess_always_names_the_words_in_the_way() -> None:
    ranker, said, features = looked("parcels", "parcels by carrier")
    plan = ranker.scored(said, features)[0].plan
    ranked = Ranked((Reading(plan, 0.0, (), sure=False),), left_out=(), is_likely=True)
    outcome = Asking(lexicon("parcels")).ranked(
        ranked, Problem(UNCLEAR, "“sender” is read as a metric here.", ("sender",))
    )
    assert isinstance(outcome, Clarify) and outcome.words == ("sender",)


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("parcels", "how many unicorns per zorgle"),
        ("clinic", "the weather in Madrid"),
        ("gyms", "complaints in Leeds"),
        ("parcels", "average rainfall by carrier"),
        ("parcels", "parcels of zork, blorg and fnord"),
        ("complaints", "complaints next month"),
        ("parcels", "profit of zorgles in Atlantis"),
        ("library", "who won the match"),
    ],
)
def test_what_nothing_is_near_to_stays_refused(subject: str, question: str) -> None:
    assert not isinstance(planner(subject).plan(question, TODAY), Planned)
    if subject != "complaints":
        assert isinstance(planner(subject).plan(question, TODAY), Refused)


def test_the_first_choice_of_the_rules_stays_first() -> None:
    question = "parcels of zorgle by carrier"
    rules, both = (
        Planner(vocabularies.parcels(), ranks=False).plan(question, TODAY),
        planner("parcels").plan(question, TODAY),
    )
    assert isinstance(rules, Clarify)
    assert isinstance(both, Clarify)
    assert both.choices[0] == rules.choices[0]
    assert len({choice.question for choice in both.choices}) == len(both.choices)
    assert both.words == rules.words


@pytest.mark.parametrize(
    "sketch",
    [
        Sketch(("parcels",), ("parcel__hub",), rank=Rank(False, 3)),
        Sketch(("parcels", "fees"), ("parcel__hub",), rank=Rank(True, 5), order_by=1),
        Sketch(("parcels",), grain=Grain.MONTH, time=TimeRange(start=TODAY)),
        Sketch(("parcels",), ("parcel__hub",), records=True),
        Sketch(("parcels",), ("parcel__hub",), count=True),
        Sketch(("parcels",), filters=(DimensionFilter(dimension="parcel__hub", values=("Lyon",)),)),
    ],
)
def test_a_sketch_is_the_plan_that_it_is_of(sketch: Sketch) -> None:
    plan = sketch.plan()
    assert plan is not None
    assert sketch_of(plan) == sketch


def test_parts_that_do_not_go_together_are_no_plan() -> None:
    assert Sketch(("parcels",), count=True).plan() is None


def test_features_weigh_words_that_no_part_explains() -> None:
    _, _, features = looked("parcels", "late parcels by carrier")
    bare = features.of(Sketch(("late_parcels",)))
    whole = features.of(Sketch(("late_parcels",), ("parcel__carrier",)))
    assert bare["u_part"] > whole["u_part"] == 0
    assert whole["g_by"] == 1
    assert features.explained(Sketch(("late_parcels",))) == bits([0, 1])
    # A figure that is one in every group tells nothing; neither does a part that explains no word of its own.
    assert features.of(Sketch(("late_parcels",), ("parcel__carrier", "parcel__hub")))["n_idle"] > whole["n_idle"]


def test_ways_of_summing_up_are_weighed_by_the_words_for_them() -> None:
    _, _, mean = looked("parcels", "average delay by hub")
    assert mean.metric("avg_delay_hours").features["a_mean_said"] == 1
    assert mean.metric("parcels").features["a_mean_lost"] == 1
    _, _, share = looked("parcels", "percentage of parcels on time, how many in total")
    assert share.metric("on_time_rate").features["a_share_said"] == 1
    assert share.metric("fees").features["a_share_lost"] == share.metric("fees").features["a_total_sum"] == 1


def test_numbers_limits_and_lists_have_their_parts() -> None:
    limited = likeliest("parcels", "list the hubs with parcels of weight over 10", 60)
    assert any(one.sketch.having for one in limited)
    assert any(f.dimension == "parcel__weight" for one in limited for f in one.sketch.filters)
    assert any(one.sketch.records for one in limited)
    counted = likeliest("parcels", "how many different carriers shipped parcels in 2025 or 2026", 60)
    assert any(one.sketch.count for one in counted)
    left_out = likeliest("parcels", "parcels not from Norden by month", 60)
    assert any(f.operator.value == "not_in" for one in left_out for f in one.sketch.filters)
    assert any(one.sketch.grain is Grain.MONTH for one in left_out)
    worst = likeliest("parcels", "worst carrier by claims", 60)
    assert any(one.sketch.rank == Rank(True) for one in worst)


def test_chances_are_of_one() -> None:
    assert model.chances([]) == []
    assert sum(model.chances([800.0, 1.0, -3.0])) == pytest.approx(1)
    assert model.Model({"a": 2.0}, 0.5).score({"a": 1.5, "b": 9.0}) == 3.0
    assert 0 < model.load().chance < 1


def test_a_model_that_was_written_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(model, "FILE", tmp_path / "weights.json")
    model.write(model.Model({"b": 1.0, "a": 0.5}, 0.3))
    model.load.cache_clear()
    try:
        assert model.load() == model.Model({"a": 0.5, "b": 1.0}, 0.3)
    finally:
        model.load.cache_clear()


def test_a_plan_of_other_parts_is_looked_at_for_those_it_shares() -> None:
    plan = Plan(metrics=("parcels",), group_by=("parcel__hub",), order_by=(OrderBy(field="parcels", descending=True),))
    assert sketch_of(plan) == Sketch(("parcels",), ("parcel__hub",))
