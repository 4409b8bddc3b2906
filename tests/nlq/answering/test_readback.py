"""Questions that are offered say names for codes, where the names are understood as these codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from nlq.answering.answer import Answerer
from nlq.answering.cache import Outcomes
from nlq.answering.readback import name_choices, say_plan
from nlq.core.outcome import Choice, Clarify, Outcome, Planned
from nlq.core.plan import DimensionFilter, Operator, Plan, Share
from nlq.core.valuenames import ValueNames
from nlq.core.vocabulary import Vocabulary
from nlq.planning.planner import Planner
from nlq.wording.explain import as_question
from tests.nlq import vocabularies

TODAY = date(2024, 7, 1)
CHANNEL = "complaint__channel"


def calling(names: dict[str, str]) -> Vocabulary:
    """The complaints, whose channels are called so."""
    layer = vocabularies.complaints()
    channel = replace(layer.dimensions[CHANNEL], names=ValueNames(names))
    return Vocabulary.of(layer.metrics.values(), {**layer.dimensions, CHANNEL: channel}.values())


def of(*codes: str, operator: Operator = Operator.IN) -> Plan:
    """Complaints of some channels."""
    chosen = DimensionFilter(dimension=CHANNEL, operator=operator, values=codes)
    return Plan(metrics=("pgr_complaints",), filters=(chosen,))


def said(plan: Plan, vocabulary: Vocabulary) -> str:
    """The plan as it is offered."""
    rules = Planner(vocabulary)
    return say_plan(plan, vocabulary, lambda text: rules.plan(text, TODAY))


def test_a_name_that_is_understood_is_said() -> None:
    named = calling({"MOBILE_APP": "Citizen app", "WEB": "Portal of the city"})
    assert said(of("MOBILE_APP", "WEB"), named) == "Complaints where Channel is Citizen app or Portal of the city"
    assert said(of("WEB", operator=Operator.NOT_IN), named) == "Complaints where Channel is not Portal of the city"
    share = Plan(metrics=("pgr_complaints",), share=Share(part=of("MOBILE_APP").filters))
    assert said(share, named) == "share of Complaints whose Channel is Citizen app"


def test_a_name_that_means_another_thing_is_not() -> None:
    twice = calling({"MOBILE_APP": "Online", "WEB": "Online"})
    assert said(of("WEB"), twice) == "Complaints where Channel is WEB"
    other = calling({"WEB": "WHATSAPP"})
    assert said(of("WEB"), other) == "Complaints where Channel is WEB"


@settings(max_examples=25)
@given(st.data())
def test_whatever_codes_are_called_the_question_means_the_plan(data: st.DataObject) -> None:
    codes = [str(value) for value in vocabularies.complaints().dimensions[CHANNEL].values.shown]
    words = st.sampled_from(["by ward", "last month", "or", "and", "not", "web", "top 5", "complaints", "Ward", "a, b"])
    names = st.lists(words | st.text("abc XYZ,()-", min_size=1, max_size=9), min_size=1, max_size=3).map(" ".join)
    named = calling({code: data.draw(names, code) for code in codes})
    plan = of(*data.draw(st.lists(st.sampled_from(codes), min_size=1, max_size=2, unique=True), "asked"))
    rules = Planner(named)
    words_said = say_plan(plan, named, lambda text: rules.plan(text, TODAY))
    if words_said != (coded := as_question(plan, named)):
        # Whatever is wrong with codes, such as a channel that is called "or", is so with names.
        outcome, of_codes = rules.plan(words_said, TODAY), rules.plan(coded, TODAY)
        meant = [plan.canonical(), of_codes.plan.canonical() if isinstance(of_codes, Planned) else ""]
        assert isinstance(outcome, Planned) and outcome.plan.canonical() in meant, words_said


def test_every_name_of_the_samples_is_tried_and_most_are_said(answerer: Answerer) -> None:
    whole = answerer.vocabulary()
    rules = Planner(whole)
    offered: dict[str, str] = {}
    for dimension in whole.dimensions.values():
        metric = next((m for m in whole.plain_metrics() if dimension.name in m.dimensions and not m.needs_time), None)
        for code in [v for v in list(dimension.values.shown)[:6] if dimension.names.of(v)] if metric else ():
            chosen = DimensionFilter(dimension=dimension.name, values=(code,))
            plan = Plan(metrics=(metric.name,) if metric else (), filters=(chosen,))
            text = say_plan(plan, whole, lambda words: rules.plan(words, TODAY))
            offered[as_question(plan, whole)] = text
            outcome = rules.plan(text, TODAY)
            understood = isinstance(outcome, Planned) and outcome.plan.canonical() == plan.canonical()
            assert understood or text == as_question(plan, whole), text
    named = [coded for coded, text in offered.items() if text != coded]
    assert len(offered) >= 10 and len(named) >= 0.9 * len(offered), sorted(offered.keys() - set(named))


def test_choices_say_names_and_keep_their_plans() -> None:
    named = calling({"WEB": "Portal of the city"})
    rules = Planner(named)
    choices = (Choice(question=as_question(of("WEB"), named), plan=of("WEB")),)

    def reads(text: str) -> Outcome:
        return rules.plan(text, TODAY)

    told = name_choices(Clarify(question="Which?", choices=choices), named, reads)
    assert isinstance(told, Clarify)
    assert [(c.question, c.plan) for c in told.choices] == [
        ("Complaints where Channel is Portal of the city", of("WEB"))
    ]
    planned = Planned(plan=of("WEB"), confidence=1, others=choices)
    assert name_choices(planned, named, reads).others[0].question == told.choices[0].question  # pyright: ignore[reportAttributeAccessIssue]


def test_a_plan_that_is_run_is_asked_by_names(answerer: Answerer) -> None:
    streetlights = DimensionFilter(dimension="complaint__complaint_type", values=("STREETLIGHT",))
    plan = Plan(metrics=("pgr_complaints",), filters=(streetlights,))
    answer = answerer.run(plan)
    assert answer.question == "Complaints where Complaint type is Streetlight"
    again = answerer.ask(answer.question)
    assert again.plan and again.plan.canonical() == plan.canonical()


class AskedOnce:
    """A planner beside rules, which counts what it is asked itself."""

    def __init__(self, rules: Planner) -> None:
        """Over the same vocabulary."""
        self.rules, self.asked = rules, list[str]()

    @property
    def vocabulary(self) -> Vocabulary:
        """Of the rules."""
        return self.rules.vocabulary

    def plan(self, question: str, now: date | datetime, previous: Plan | None = None) -> Outcome:
        """The choice of the web."""
        self.asked.append(question)
        choices = (Choice(question=as_question(of("WEB"), self.vocabulary), plan=of("WEB")),)
        return Clarify(question="Which?", choices=choices)


def test_names_are_tried_by_the_rules_alone() -> None:
    beside = AskedOnce(Planner(calling({"WEB": "Portal of the city"})))
    outcome = Outcomes().of(beside).plan("what came in by it", TODAY)
    assert isinstance(outcome, Clarify)
    assert outcome.choices[0].question == "Complaints where Channel is Portal of the city"
    assert beside.asked == ["what came in by it"]
