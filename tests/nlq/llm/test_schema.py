"""The schema of a reply: the plans of the rules are in it, and what the guard would refuse is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from nlq.core.outcome import Planned
from nlq.core.vocabulary import Vocabulary
from nlq.llm.prompt import fitting
from nlq.llm.retrieval import Part, part_for
from nlq.llm.schema import reply_schema
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import clinic, complaints, hotels

QUESTIONS = Path(__file__).parents[1] / "planning" / "questions.yml"
TODAY = date(2026, 7, 15)


def shown(question: str, vocabulary: Vocabulary) -> Part:
    return fitting(question, TODAY, part_for(question, vocabulary))[1]


def allows(part: Part, plan: dict[str, Any]) -> bool:
    return Draft202012Validator(reply_schema(part)).is_valid({"plan": plan})


def test_the_plans_of_the_rules_can_be_said() -> None:
    vocabulary = complaints()
    planner = Planner(vocabulary)
    told = 0
    for case in yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))["complaints"]:
        outcome = planner.plan(case["ask"], TODAY)
        if not isinstance(outcome, Planned):
            continue
        plan, part = outcome.plan, shown(case["ask"], vocabulary)
        filters = (*plan.filters, *(plan.share.part if plan.share else ()))
        named = {*plan.group_by, *(item.dimension for item in filters)}
        values = [(item.dimension, value) for item in filters for value in item.values]
        if (
            {*plan.metrics} <= {m.name for m in part.metrics}
            and named <= part.values.keys()
            and all(value in part.values[name] for name, value in values if part.values[name])
        ):
            told += 1
            document = plan.model_dump(mode="json", exclude_defaults=True)
            errors = [e.message for e in Draft202012Validator(reply_schema(part)).iter_errors({"plan": document})]
            assert not errors, (case["ask"], document, errors)
    assert told >= 60


BREACHES = {"metrics": ["pgr_sla_breaches"]}
BILLS = {"metrics": ["billed_amount"]}


@pytest.mark.parametrize(
    ("plan", "allowed"),
    [
        ({"group_by": ["complaint__channel"]}, True),
        ({"metrics": ["pgr_sla_breaches", "pgr_sla_breaches"]}, False),
        ({"metrics": ["complaint_count"]}, False),
        ({"metrics": []}, False),
        ({"group_by": ["backlog__channel"]}, False),
        ({"group_by": ["channel"]}, False),
        ({"filters": [{"dimension": "complaint__channel", "operator": "in", "values": ["WEB"]}]}, True),
        ({"filters": [{"dimension": "complaint__channel", "operator": "in", "values": ["PIGEON"]}]}, False),
        ({"filters": [{"dimension": "complaint__channel", "operator": "gt", "values": ["WEB"]}]}, False),
        ({"filters": [{"dimension": "complaint__channel", "operator": "in", "values": []}]}, False),
        ({"filters": [{"dimension": "complaint__channel", "operator": "is_null"}]}, True),
        ({"time_range": {"start": "2026-01-01"}}, True),
        ({"time_range": {}}, False),
        ({"order_by": [{"field": "complaint__ward_id"}]}, True),
        ({"order_by": [{"field": "pgr_complaints_total"}]}, False),
        ({"having": [{"metric": "pgr_sla_breaches", "comparator": "gt", "value": 5}]}, True),
        ({"order_by": [{"field": "pgr_sla_breaches__per__pgr_sla_breach_rate"}]}, True),
        ({"order_by": [{"field": "pgr_sla_breaches__per__sales"}]}, False),
        ({"having": [{"metric": "sales", "comparator": "gt", "value": 5}]}, False),
        ({"sql": "drop table x"}, False),
    ],
)
def test_what_the_guard_would_refuse_cannot_be_said(plan: dict[str, Any], allowed: bool) -> None:
    part = shown("SLA breaches by channel and ward", complaints())
    assert {"complaint__channel", "complaint__ward_id"} <= part.values.keys()
    assert allows(part, BREACHES | plan) is allowed


@pytest.mark.parametrize(
    ("values", "operator", "allowed"),
    [([34], "in", True), ([60], "ge", True), ([60, 70], "ge", False), (["old"], "ge", False)],
)
def test_numbers_are_compared_with_one_number(values: list[Any], operator: str, allowed: bool) -> None:
    part = shown("amount billed by patient age", clinic())
    condition = {"dimension": "visit__patient_age", "operator": operator, "values": values}
    assert allows(part, BILLS | {"filters": [condition]}) is allowed


def test_a_reply_may_say_that_there_is_no_plan() -> None:
    validator = Draft202012Validator(reply_schema(shown("rainfall", hotels())))
    assert validator.is_valid({"plan": None})
    assert not validator.is_valid({})


def test_a_metric_without_dimensions_can_be_asked() -> None:
    from nlq.core.vocabulary import Metric

    part = shown("orders", Vocabulary.of([Metric("orders", "Orders")], []))
    assert allows(part, {"metrics": ["orders"]}) and not allows(part, {"metrics": ["orders"], "group_by": ["city"]})
