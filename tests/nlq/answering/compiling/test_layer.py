"""The real catalogs as vocabularies: the built-in one, and a foreign project with joins and no synonyms."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.compiling.layer import PlannedLayer, vocabulary_of
from nlq.core.outcome import Planned, Refused
from nlq.planning.planner import Planner
from semantic.layer import SemanticLayer
from semantic.manifest.reading import build_catalog
from semantic.values import CountedValues as Listed
from semantic.values import DimensionValues
from tests.semantic.hotels import parse_project


def test_dimensions_that_mean_the_same_have_one_name(answerer: Answerer) -> None:
    vocabulary = answerer.vocabulary()
    shared = vocabulary.shared_dimensions(["pgr_complaints", "pgr_backlog"])
    assert {"complaint__ward_id", "complaint__channel", "complaint__tenant_id"} <= shared
    assert "sale__city" not in shared


def test_values_come_with_the_marts(answerer: Answerer) -> None:
    dimensions = answerer.vocabulary().dimensions
    assert set(dimensions["complaint__channel"].values.items) == {"WEB", "WHATSAPP", "MOBILE_APP"}
    assert dimensions["complaint__is_open"].is_boolean
    assert not dimensions["complaint__complaint_id"].values.complete


def test_a_dimension_of_several_tables_has_the_values_of_all_of_them() -> None:
    catalog = build_catalog(
        {
            "semantic_models": [_model("store", "gold.stores"), _model("web", "gold.web")],
            "metrics": [_counted("store"), _counted("web")],
        },
        {"store_rows": ("store__city",), "web_rows": ("web__city",)},
    )
    tables = {
        "store__city": Listed((("Bern", 5), ("Chur", 2)), complete=True),
        "web__city": Listed((("Chur", 9), ("Davos", 1)), complete=True),
    }
    vocabulary = vocabulary_of(catalog, lambda names: {name: tables[name] for name in names})
    (city,) = (d for d in vocabulary.dimensions.values() if not (d.is_time or d.is_calendar))
    assert city.values.items == ("Chur", "Bern", "Davos")
    assert city.values.complete


def _model(entity: str, relation: str) -> dict[str, Any]:
    city = {"name": "city", "type": "categorical", "label": "City", "description": "City of the customer."}
    time = {"name": "day", "type": "time", "type_params": {"time_granularity": "day"}}
    return {
        "name": entity, "primary_entity": entity, "defaults": {"agg_time_dimension": "day"}, "entities": [],
        "node_relation": {"relation_name": relation}, "dimensions": [time, city],
        "measures": [{"name": f"{entity}_rows", "agg": "count"}],
    }  # fmt: skip


def _counted(entity: str) -> dict[str, Any]:
    name = f"{entity}_rows"
    return {"name": name, "type": "simple", "type_params": {"input_measures": [{"name": name}]}}


def test_the_vocabulary_is_kept_until_a_table_changes(answerer: Answerer) -> None:
    assert answerer.vocabulary() is answerer.vocabulary()


@pytest.fixture(scope="module")
def hotels(tmp_path_factory: pytest.TempPathFactory, asked_lake: Lake) -> Planner:
    target = parse_project(tmp_path_factory.mktemp("foreign"))
    layer = SemanticLayer(asked_lake.settings, target_dir=Path(target))
    return Planner(PlannedLayer(layer, DimensionValues(asked_lake, layer)).vocabulary({}))


@pytest.mark.parametrize(
    ("question", "metrics", "groups"),
    [
        ("how many bookings by board", ("bookings",), ("booking__board",)),
        ("nights per hotel town by month", ("nights",), ("hotel__town",)),
        ("guests and nights by town", ("guests", "nights"), ("hotel__town",)),
    ],
)
def test_a_foreign_project_needs_no_code(
    hotels: Planner, question: str, metrics: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    outcome = hotels.plan(question, date(2026, 7, 15))
    assert isinstance(outcome, Planned), outcome
    assert (outcome.plan.metrics, outcome.plan.group_by) == (metrics, groups)


def test_what_a_foreign_project_lacks_is_refused(hotels: Planner) -> None:
    outcome = hotels.plan("complaints by ward", date(2026, 7, 15))
    assert isinstance(outcome, Refused)
    assert outcome.words == ("complaints", "ward")


def test_only_what_has_its_tables_can_be_asked_about(answerer: Answerer, asked_lake: Lake) -> None:
    layer = SemanticLayer(asked_lake.settings)
    heads = asked_lake.catalog.heads()
    without = {name: head for name, head in heads.items() if name != "gold.gold_pgr_backlog_daily"}
    known = PlannedLayer(layer, DimensionValues(asked_lake, layer)).vocabulary(without)
    assert "pgr_backlog" in answerer.vocabulary().metrics
    assert "pgr_complaints" in known.metrics and "pgr_backlog" not in known.metrics
    assert not any(name.startswith("backlog_day") for name in known.dimensions)
