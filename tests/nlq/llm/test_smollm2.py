"""The way to a real model and back: the client, the prompt, the schema and the settling, over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from lakehouse_assets.breaker import Breaker
from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.vocabulary import Vocabulary
from nlq.llm.client import Message, ModelClient, ModelUnavailableError
from nlq.llm.planner import BothPlanners, ModelPlanner
from nlq.llm.prompt import MOST_TOKENS, fitting, read
from nlq.llm.retrieval import part_for
from nlq.planning.planner import Planner
from tests.nlq.llm.smollm2 import served
from tests.nlq.vocabularies import clinic, complaints, hotels

TODAY = date(2026, 2, 20)
PATIENT_S = 120.0
"""Enough on a machine that does much else; two seconds on one that does not."""


class Heard(ModelClient):
    """A client that keeps what it was asked for and told."""

    told: list[tuple[dict[str, Any] | None, str]]

    def reply(self, messages: Any, schema: dict[str, Any] | None = None, deadline: float = 0.0) -> str:
        self.told.append((schema, ""))
        text = super().reply(messages, schema, deadline)
        self.told[-1] = (schema, text)
        return text


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as address:
        yield address


@pytest.fixture
def client(address: str) -> Heard:
    client = Heard(address, "smollm2", timeout_s=PATIENT_S)
    client.told = []
    return client


def both(vocabulary: Vocabulary, client: ModelClient, **how: Any) -> BothPlanners:
    return BothPlanners(Planner(vocabulary), ModelPlanner(vocabulary, client), **how)


def test_where_the_rules_are_sure_or_help_the_model_is_not_asked(client: Heard) -> None:
    planner = both(hotels(), client)
    assert isinstance(planner.plan("bookings by hotel", TODAY), Planned)
    assert isinstance(planner.plan("hello", TODAY), Clarify)
    assert not client.told


def test_what_the_rules_cannot_read_it_reads_within_the_schema_and_only_offers(client: Heard) -> None:
    planner = both(hotels(), client)
    question = "what do guests whine about per hotel"
    assert isinstance(Planner(planner.vocabulary).plan(question, TODAY), Refused)
    outcome = planner.plan(question, TODAY)
    assert not isinstance(outcome, Planned)
    for schema, text in client.told:
        said = read(text).model_dump(mode="json", exclude_unset=True)
        assert schema and Draft202012Validator(schema).is_valid(said), text
    if isinstance(outcome, Clarify):
        assert outcome.planner == "model+rules" and len(outcome.choices) == 1


def test_agreement_is_surer_and_disagreement_asked_back(client: Heard) -> None:
    planner = both(hotels(), client, sure_from=1.1)
    outcome = planner.plan("bookings by hotel", TODAY)
    ruled = Planner(planner.vocabulary).plan("bookings by hotel", TODAY)
    assert client.told and isinstance(ruled, Planned)
    if isinstance(outcome, Planned):
        assert outcome.plan == ruled.plan
    else:
        assert isinstance(outcome, Clarify) and ruled.plan in [choice.plan for choice in outcome.choices]


@pytest.mark.parametrize("vocabulary", [complaints(), clinic(), hotels()])
@pytest.mark.parametrize(
    "question", ["SLA breaches by ward last month", "revenue of " + "every hotel and clinic " * 43]
)
def test_a_prompt_has_at_most_1500_of_its_tokens(address: str, vocabulary: Vocabulary, question: str) -> None:
    messages, _ = fitting(question, TODAY, part_for(question, vocabulary))
    assert sum(_tokens(address, message) for message in messages) <= MOST_TOKENS


def _tokens(address: str, message: Message) -> int:
    made = httpx.post(
        f"{address.removesuffix('/v1')}/tokenize", json={"content": message["content"]}, timeout=PATIENT_S
    )
    return len(made.json()["tokens"])


def test_a_model_that_is_too_slow_is_left_alone(address: str) -> None:
    client = ModelClient(address, "smollm2", timeout_s=0.2, breaker=Breaker(2, 60.0), sleep=lambda _: None)
    model = ModelPlanner(complaints(), client)
    for _ in range(2):
        with pytest.raises(ModelUnavailableError, match="in time"):
            model.plan("complaints by channel", TODAY)
    begun = time.perf_counter()
    outcome = BothPlanners(Planner(complaints()), model, sure_from=1.1).plan("complaints by channel", TODAY)
    assert time.perf_counter() - begun < 5.0
    assert isinstance(outcome, Planned) and "left alone" in outcome.notes[0]
