"""What models say is asked for in words like any other figure, and how it comes to be where there is none yet."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.ml.declared import all_models
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.answering.compiling.layer import identifier
from nlq.core.guard import Caller
from nlq.factory import open_answerer
from semantic.layer import SemanticLayer
from tests.ml.stores import rows_of
from tests.nlq.answering.test_never_published import publish
from tests.semantic.tables import SPINE

DAY = date(2026, 3, 1)
ADMIN = Caller(role="admin")


def likely(**named: Any) -> dict[str, Any]:
    return {"predicted_on": DAY, "tenant_id": "a", "drift": 0.1, **named}


TABLES = {
    "semantic.pgr_sla_breach_risk": [
        likely(complaint_id="c1", ward_id="WARD_01", probability=0.9, risk="HIGH"),
        likely(complaint_id="c2", ward_id="WARD_01", probability=0.6, risk="MEDIUM"),
        likely(complaint_id="c3", ward_id="WARD_02", probability=0.1, risk="LOW"),
        likely(complaint_id="c4", ward_id="WARD_02", probability=0.7, risk="MEDIUM", tenant_id="b"),
    ],
    "semantic.telemetry_churn_risk": [
        likely(user_id="u1", user_segment="Free", probability=0.4, risk="HIGH"),
        likely(user_id="u2", user_segment="Trial", probability=0.2, risk="LOW"),
    ],
    "semantic.retail_demand_forecast": [
        likely(store_id="s1", store_name="North", amount=120.5),
        likely(store_id="s2", store_name="South", amount=80.0),
    ],
    "semantic.ecommerce_churn_risk": [likely(customer_id="k1", probability=0.8, risk="HIGH")],
}


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    home = tmp_path_factory.mktemp("predicted")
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    publish(lake, gold__time_spine_daily=SPINE)
    publication = open_publication(lake, run_id="predictions")
    for table, rows in TABLES.items():
        publication.stage_rows(contract_of(table), rows_of(contract_of(table), rows), ReplaceTable())
    assert not [outcome for outcome in publication.audit() if outcome.failed]
    publication.publish()
    return open_answerer(lake)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("users with high churn risk", [(1,)]),
        ("Users with high churn risk by user segment", [("Free", 1), ("Trial", 0)]),
        ("complaints likely to breach their SLA by ward", [("WARD_01", 2), ("WARD_02", 1)]),
        ("How many complaints with high SLA breach risk are there?", [(1,)]),
        ("expected demand by store", [("North", 120.5), ("South", 80.0)]),
        ("customers likely to churn", [(1,)]),
    ],
)
def test_predictions_are_asked_for_in_words(answerer: Answerer, question: str, rows: list[tuple[Any, ...]]) -> None:
    answer = answerer.ask(question, ADMIN)
    assert answer.outcome == "answered", answer.sentence
    assert sorted(answer.rows) == rows


def test_each_tenant_is_told_of_its_own(answerer: Answerer) -> None:
    answer = answerer.ask("complaints likely to breach their SLA by ward", Caller("b", "viewer"))
    assert answer.rows == (("WARD_02", 1),)


def test_where_nothing_was_predicted_the_answer_says_how(answerer: Answerer) -> None:
    answer = answerer.ask("expected first uses by feature", ADMIN)
    assert (answer.outcome, answer.error) == ("failed", "never_published")
    assert "`asklake train --target telemetry_adoption`" in answer.sentence
    assert "`asklake materialize --select semantic.telemetry_adoption_chance`" in answer.sentence


def test_what_is_unclear_is_asked_back_and_not_taken_for_something_to_predict(asked_lake: Lake) -> None:
    answer = open_answerer(asked_lake).ask("how large is the share of high priority complaints in Amritsar?", ADMIN)
    assert answer.error != "never_published", answer.sentence


def test_every_figure_of_predictions_names_the_model_that_makes_them(settings: Settings) -> None:
    catalog = SemanticLayer(settings).catalog()
    made_by = {spec.predictions: name for name, spec in all_models().items()}
    tables = {m.name: {identifier(time.relation) for time in m.times} for m in catalog.metrics.values()}
    told = {metric.name: metric.model for metric in catalog.metrics.values() if metric.model}
    assert told == {name: made_by[t] for name, read in tables.items() for t in read if t in made_by}
    assert set(told.values()) == set(made_by.values())
