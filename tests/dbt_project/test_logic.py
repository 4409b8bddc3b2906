"""The dbt unit tests, run the way the tables are built; tests/checking holds the YAML against the contracts."""

from __future__ import annotations

from lakehouse_assets.lakehouse.dbt import runner
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from tests.dbt_project.building import CONTRACTS

UNIT_TESTS = 26
MADE_BY_DBT = ("silver", "gold", "platinum")


def test_unit_tests_of_the_models_pass(lake: Lake) -> None:
    publication = open_publication(lake, run_id="unit")
    outcome = runner.run(
        publication,
        CONTRACTS,
        select=[c.table for c in CONTRACTS.values() if c.layer in MADE_BY_DBT],
        command="test",
        resource_types=["unit_test"],
    )
    publication.abandon()
    assert {n.name: n.message for n in outcome.nodes if not n.passed} == {}
    assert len(outcome.nodes) >= UNIT_TESTS
