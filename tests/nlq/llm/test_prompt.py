"""What a model is told: all that a plan can say and the part of the catalog that matters, in few words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from nlq.core.plan import Plan, plan_schema
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.llm.prompt import MOST_TOKENS, fitting, read
from nlq.llm.retrieval import part_for
from tests.nlq.vocabularies import complaints

TODAY = date(2026, 2, 20)


def test_the_form_has_every_field_and_every_word_of_a_plan() -> None:
    (system, _), _ = fitting("complaints by ward", TODAY, part_for("complaints by ward", complaints()))
    form = system["content"].rpartition("\n")[2]
    for name in Plan.model_fields:
        assert f'"{name}":' in form, name
    for schema in plan_schema()["$defs"].values():
        for word in (*schema.get("enum", ()), *schema.get("properties", ())):
            assert word in form, word


def test_a_prompt_is_bounded_whatever_the_catalog_and_the_question_are() -> None:
    long = "a very long name of a figure that goes on and on " * 2
    reached = frozenset(f"thing__side_{n}" for n in range(40))
    metrics = [
        Metric(f"figure_{n}", f"{long}{n}", long * 4, tuple(f"{long} {s}" for s in "abcdef"), dimensions=reached)
        for n in range(50)
    ]
    values = Values(tuple(f"{long[:70]} {n}" for n in range(50)))
    dimensions = [Dimension(name, f"{long} {name}", long * 4, values=values) for name in sorted(reached)]
    vocabulary = Vocabulary.of(metrics, dimensions)
    question = "how many figures " * 58
    messages, part = fitting(question, TODAY, part_for(question, vocabulary))
    assert sum(len(m["content"].encode()) for m in messages) <= 3 * MOST_TOKENS
    shown: dict[str, Any] = json.loads(messages[1]["content"])["catalog"]
    assert [m["name"] for m in shown["metrics"]] == [m.name for m in part.metrics]
    assert [d["name"] for d in shown["dimensions"]] == [d.name for d in part.dimensions]


def test_a_model_that_repeats_itself_means_it_once() -> None:
    reply = read('{"plan": {"metrics": ["a", "b", "a", "a"], "group_by": ["x", "x"]}}')
    assert reply.plan and (reply.plan.metrics, reply.plan.group_by) == (("a", "b"), ("x",))
