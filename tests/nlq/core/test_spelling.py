"""Values that differ by case, blanks or Unicode form: the exact one wins, several are asked back, none is lost."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.answering.compiling.layer import PlannedLayer
from nlq.answering.document.model import Answer
from nlq.core.plan import DimensionFilter, Operator, Plan
from nlq.core.spelling import alike_form, nearest_values, one_of_each, same_form, spellings
from semantic.layer import SemanticLayer
from semantic.values import LIMIT, DimensionValues
from tests.semantic.tables import SALES, SPINE

COMPOSED, DECOMPOSED = unicodedata.normalize("NFC", "Orléans"), unicodedata.normalize("NFD", "Orléans")
AMOUNTS = {"WEB": 10, "Web": 20, "web": 40, "Store ": 5, "Fair": 7}
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=8)


@given(TEXT, st.lists(TEXT, max_size=5))
def test_a_text_names_the_value_it_is_and_no_other(text: str, others: list[str]) -> None:
    (found,) = spellings(text, [*others, text])
    assert text in found
    assert {same_form(value) for value in found} == {same_form(text)}


@given(st.lists(TEXT, max_size=6), TEXT)
def test_all_that_are_alike_are_found(values: list[str], text: str) -> None:
    found = spellings(text, values)
    if not any(same_form(value) == same_form(text) for value in values):
        assert {v for group in found for v in group} == {v for v in values if alike_form(v) == alike_form(text)}
    assert len({same_form(group[0]) for group in found}) == len(found)


def test_what_is_near() -> None:
    assert one_of_each([COMPOSED, DECOMPOSED, "Paris"]) == (COMPOSED, "Paris")
    assert nearest_values("orleans", ["Paris", COMPOSED, DECOMPOSED]) == [COMPOSED]
    assert nearest_values("zzz", ["Paris", "Lyon"]) == ["Paris", "Lyon"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Five order lines by channel, each of a city that is stored in two forms."""
    folder: Path = tmp_path_factory.mktemp("spelling")
    lake = Lake(Settings(profile="local", home=folder, landing="", dagster_home=None))
    rows = " union all ".join(
        f"select * replace ({n} as quantity, 1.0 as unit_price, {n}.0::decimal(18, 4) as amount, false as is_return, "
        f"'{channel}' as channel, '{DECOMPOSED if n == 7 else COMPOSED}' as city, md5('{n}') as record_key, "
        f"'O{n}' as order_id) from ({SALES}) where record_key = md5('0')"
        for channel, n in AMOUNTS.items()
    )
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        for identifier, sql in {"gold.time_spine_daily": SPINE, "silver.silver_sales": rows}.items():
            publication.stage_query(contract_of(identifier), sql, session, ReplaceTable())
        publication.audit()
    publication.publish()
    return lake


@pytest.fixture(scope="module", params=[LIMIT, 1], ids=["listed", "too many to list"])
def answerer(lake: Lake, request: pytest.FixtureRequest) -> Answerer:
    manifest.ensure(lake.settings)
    layer = SemanticLayer(lake.settings)
    return Answerer(lake, PlannedLayer(layer, DimensionValues(lake, layer, limit=request.param)))


def only(answerer: Answerer, *values: str, operator: Operator = Operator.IN, by: str = "channel") -> Answer:
    name = next(n for n in answerer.vocabulary().metrics["sales_net_amount"].dimensions if n.endswith(f"__{by}"))
    return answerer.run(
        Plan(
            metrics=("sales_net_amount",), filters=(DimensionFilter(dimension=name, operator=operator, values=values),)
        )
    )


@pytest.mark.parametrize(
    ("values", "operator", "amount"),
    [
        *(((name,), "in", amount) for name, amount in AMOUNTS.items()),
        (("web", "Web", "WEB"), "in", 70),
        (("Web",), "not_in", 62),
        (("store",), "in", 5),
        (("  FAIR ",), "in", 7),
    ],
)
def test_a_filter_takes_the_value_it_names(
    answerer: Answerer, values: tuple[str, ...], operator: str, amount: float
) -> None:
    answer = only(answerer, *values, operator=Operator(operator))
    assert answer.rows == ((amount,),), answer.sentence


def test_several_are_asked_back_and_every_choice_runs(answerer: Answerer) -> None:
    answer = only(answerer, "wEb", "Fair")
    assert (answer.outcome, answer.error) == ("clarify", "ambiguous_value")
    found = {choice.question: answerer.run(choice.plan).rows[0][0] for choice in answer.choices}
    assert sorted(found.values()) == [17, 27, 47, 77]
    assert found[next(question for question in found if "Fair or Web" in question and "WEB" not in question)] == 27


def test_what_is_not_there_is_said_with_what_is_near(answerer: Answerer) -> None:
    answer = only(answerer, "Faire")
    assert (answer.outcome, answer.error) == ("refused", "unknown_value")


@pytest.mark.parametrize("city", [COMPOSED, DECOMPOSED, COMPOSED.upper(), DECOMPOSED.lower()])
def test_one_value_in_two_forms_is_one(answerer: Answerer, city: str) -> None:
    answer = only(answerer, city, by="city")
    assert answer.rows == ((82,),), answer.sentence
    assert answer.filters == (f"City is {answer.filters[0].removeprefix('City is ')}",)
    assert " or " not in answer.filters[0]


def asked(answerer: Answerer, question: str) -> Answer:
    return answerer.ask(question, now=datetime(2025, 2, 1))


def test_questions_take_the_spelling_that_is_meant(lake: Lake) -> None:
    layer = SemanticLayer(lake.settings)
    answerer = Answerer(lake, PlannedLayer(layer, DimensionValues(lake, layer)))
    assert asked(answerer, "net sales where channel is Web").rows == ((20,),)
    assert asked(answerer, 'net sales where channel is "web"').rows == ((40,),)
    back = asked(answerer, "net sales where channel is web")
    assert back.outcome == "clarify"
    assert sorted(answerer.run(choice.plan).rows[0][0] for choice in back.choices) == [10, 20, 40]
    for city in (COMPOSED, DECOMPOSED, COMPOSED.lower()):
        assert asked(answerer, f"net sales in {city}").rows == ((82,),)


def test_a_value_that_looks_like_another_is_shown_once(lake: Lake) -> None:
    layer = SemanticLayer(lake.settings)
    vocabulary = Answerer(lake, PlannedLayer(layer, DimensionValues(lake, layer))).vocabulary()
    (city,) = [d for d in vocabulary.dimensions.values() if d.column == "city"]
    assert len(city.values.items) == 2
    assert [same_form(value) for value in city.values.shown] == [COMPOSED]
    answer = Answerer(lake, PlannedLayer(layer, DimensionValues(lake, layer))).run(
        Plan(metrics=("sales_net_amount",), group_by=(city.name,))
    )
    assert len(answer.rows) == 2
    assert "each form has its own row" in answer.notes[0]
