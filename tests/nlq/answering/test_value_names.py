"""Codes in answers have names beside them: declared, made of words, or read beside; filters keep the code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.catalog import catalog_of
from nlq.answering.document.drawing import drawing_of
from nlq.answering.document.model import StoredPlan
from nlq.answering.naming import names_beside
from nlq.core.guard import Caller, Guard
from nlq.core.plan import DimensionFilter, Plan


def product_of(answerer: Answerer) -> str:
    found = [n for n in answerer.vocabulary().metrics["sales_units"].dimensions if n.endswith("__product_id")]
    return found[0]


def test_codes_are_said_by_name_and_stay(answerer: Answerer) -> None:
    plan = Plan(
        metrics=("pgr_complaints",), group_by=("complaint__channel",),
        filters=(DimensionFilter(dimension="complaint__complaint_type", values=("STREETLIGHT",)),),
    )  # fmt: skip
    answer = answerer.run(plan)

    channel = answer.columns[0]
    assert channel.names == {"MOBILE_APP": "Mobile app", "WEB": "Web", "WHATSAPP": "WhatsApp"}
    assert {row[0] for row in answer.rows} == set(channel.names)
    assert answer.filters[0] == "Complaint type is Streetlight"
    assert any(name in answer.sentence for name in channel.names.values())
    assert not any(code in answer.sentence for code in channel.names)
    assert answer.plan and answer.plan.filters[0].values == ("STREETLIGHT",)
    again = type(answer).model_validate_json(answer.model_dump_json())
    assert again.columns == answer.columns


def test_a_picture_says_names_and_filters_by_codes(answerer: Answerer) -> None:
    answer = answerer.run(Plan(metrics=("pgr_complaints",), group_by=("complaint__channel",)))
    assert answer.chart
    drawing = drawing_of(answer.columns, answer.rows, answer.chart)
    assert drawing.spec
    marks = drawing.spec["data"]["values"]
    assert {(mark["key"], mark["k"]) for mark in marks} == set(answer.columns[0].names.items())


@pytest.mark.parametrize("question", ["complaints by whatsapp", "complaints from WhatsApp", "complaints in Amritsar"])
def test_names_can_be_asked_by(answerer: Answerer, question: str) -> None:
    answer = answerer.ask(question)
    assert answer.outcome == "answered", answer.sentence
    assert answer.plan and answer.plan.filters[0].values in (("WHATSAPP",), ("pb.amritsar",))


def test_names_are_read_from_the_column_beside(answerer: Answerer) -> None:
    product = product_of(answerer)
    chosen = DimensionFilter(dimension=product, values=("P1", "P2"))
    answer = answerer.run(Plan(metrics=("sales_units",), group_by=(product,), filters=(chosen,)))
    assert answer.columns[0].names == {"P1": "Item 1", "P2": "Item 2"}
    assert answer.filters[0] == "Product code is Item 1 or Item 2"

    beside = answerer.run(Plan(metrics=("sales_units",), group_by=(product, product.replace("_id", "_name"))))
    assert not any(column.names for column in beside.columns), "the names are a column of their own"

    stored = StoredPlan.of(answer)
    assert stored
    again = answerer.rerun(stored, answer.answer_id)
    assert again.columns == answer.columns


def test_names_that_a_caller_may_not_see_are_not_read(answerer: Answerer, asked_lake: Lake) -> None:
    product = product_of(answerer)
    vocabulary = answerer.vocabulary()
    said = product.replace("_id", "_name")
    plan, rows = Plan(metrics=("sales_units",), group_by=(product,)), [("P1", 3)]
    personal = replace(vocabulary.dimensions[said], personal=True)
    guard = Guard(replace(vocabulary, dimensions={**vocabulary.dimensions, said: personal}))
    with asked_lake.session() as session:
        layer = answerer._layer
        assert names_beside(layer, guard, plan, rows, Caller(role="analyst"), session) == {}
        assert names_beside(layer, guard, plan, rows, Caller(role="admin"), session) == {product: {"P1": "Item 1"}}
        # A tenant reads names of its own rows alone.
        assert names_beside(layer, guard, plan, rows, Caller("nobody", "admin"), session) in ({}, {product: {}})


def test_the_catalog_names_the_codes_it_lists(answerer: Answerer) -> None:
    listed = {one.name: one for one in catalog_of(answerer.vocabulary()).dimensions}
    channel = listed["complaint__channel"]
    assert set(channel.names) == {str(value) for value in channel.values}
    assert listed["complaint__is_open"].names == {}
