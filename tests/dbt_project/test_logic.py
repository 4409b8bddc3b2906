"""The dbt unit tests, run the way the tables are built, and the contracts held against the YAML beside each model."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from lakehouse_assets.lakehouse import dbt_runner
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publication import Publication
from lakehouse_assets.settings import PROJECT_ROOT
from tests.dbt_project.building import CONTRACTS

MODELS = PROJECT_ROOT / "dbt_project" / "models"
UNIT_TESTS = 24
MADE_BY_DBT = ("silver", "gold", "platinum")


def test_unit_tests_of_the_models_pass(lake: Lake) -> None:
    publication = Publication.begin(lake, run_id="unit")
    outcome = dbt_runner.run(
        publication,
        CONTRACTS,
        select=[c.table for c in CONTRACTS.values() if c.layer in MADE_BY_DBT],
        command="test",
        resource_types=["unit_test"],
    )
    publication.abandon()
    assert {n.name: n.message for n in outcome.nodes if not n.passed} == {}
    assert len(outcome.nodes) >= UNIT_TESTS


def described() -> dict[str, dict[str, Any]]:
    """What the YAML says of each table, by identifier."""
    found: dict[str, dict[str, Any]] = {}
    for path in MODELS.rglob("*.yml"):
        content = yaml.safe_load(path.read_text())
        for source in content.get("sources", []):
            found |= {f"{source['schema']}.{t['name']}": t for t in source["tables"]}
        for model in content.get("models", []):
            layer = next((part for part in path.parts if part in MADE_BY_DBT), "gold")
            found[f"{layer}.{model['name']}"] = model
    return found


def _made_or_read_by_dbt() -> list[Contract]:
    return [c for c in CONTRACTS.values() if c.layer != "semantic"]


@pytest.mark.parametrize("contract", _made_or_read_by_dbt(), ids=lambda c: c.identifier)
def test_yaml_says_what_the_contract_says(contract: Contract) -> None:
    entry = described()[contract.identifier]
    assert entry["description"] == f"{contract.description} {contract.grain}"
    assert {c["name"]: c["description"] for c in entry["columns"]} == {c.name: c.description for c in contract.columns}
    assert [c["name"] for c in entry["columns"]] == list(contract.column_names)


def test_every_described_table_has_a_contract() -> None:
    assert described().keys() == {c.identifier for c in _made_or_read_by_dbt()}


def test_every_model_has_its_yaml_beside_it_and_states_its_grain() -> None:
    models = [p for p in MODELS.rglob("*.sql")]
    assert models
    for path in models:
        assert path.with_suffix(".yml").exists(), path
        assert path.read_text().startswith("-- One row per "), path
