"""Tables of accepted drafts are assets of the code location, and what came into them is told by real ticks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lakehouse_assets import adopted
from lakehouse_assets.automation.accepted import accepted_sensor
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.definitions import build_defs
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.assets.tiny import resource
from tests.lakehouse.readings import publish
from tests.test_adopted import draft

SHIPS = dg.AssetKey(["bronze", "ships_raw"])


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    found = Settings(profile="local", home=tmp_path / "home", landing="")
    adopted.use(found)
    yield found
    adopted.use(Settings())


def ships(name: str = "ships") -> adopted.Adopted:
    columns = [c.model_dump() for c in draft().columns]
    loaded = {"name": "loaded_at", "type": "TIMESTAMP", "description": "When it was loaded.", "nullable": False}
    return draft(name, columns=[*columns, loaded])


def sail(lake: Lake, name: str, day: str) -> None:
    contract = next(c for c in adopted.contracts() if c.domain == name)
    publish(
        lake,
        f"select date '{day}' as sails, 't1' as tenant_id, timestamp '2026-04-01' as loaded_at",
        Append(),
        (contract,),
    )


def test_a_reload_shows_the_tables_of_accepted_drafts(settings: Settings) -> None:
    manifest.load(settings)
    dbt_graph.load(settings)
    before = build_defs(settings).resolve_asset_graph()
    adopted.keep(settings, ships())
    graph = build_defs(settings).resolve_asset_graph()
    assert graph.get_all_asset_keys() - before.get_all_asset_keys() == {SHIPS}
    node = graph.get(SHIPS)
    assert not node.is_executable and node.group_name == "ships" and node.freshness_policy
    assert node.metadata["next"] == "`asklake new-domain ships` makes the tables that answer questions about it"
    assert [c.name for c in node.metadata["dagster/column_schema"].columns] == ["sails", "tenant_id", "loaded_at"]


def test_rows_that_came_are_told_once_each_also_of_a_draft_that_is_new(settings: Settings) -> None:
    lake, sensor, cursor = Lake(settings), accepted_sensor({"bronze.taken_raw"}), ""

    def tick() -> dict[str, Any]:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor, resources={"lakehouse": resource(settings)})
        found = sensor(context)
        if isinstance(found, dg.SkipReason):
            return {}
        assert isinstance(found, dg.SensorResult)
        cursor = found.cursor or cursor
        told = [event for event in found.asset_events if isinstance(event, dg.AssetMaterialization)]
        return {".".join(event.asset_key.path): event.metadata["dagster/row_count"].value for event in told}

    assert tick() == {}
    adopted.keep(settings, ships())
    adopted.keep(settings, ships("taken"))
    assert tick() == {}, "nothing was loaded yet"
    sail(lake, "ships", "2026-03-01")
    sail(lake, "taken", "2026-03-01")
    assert (tick(), tick()) == ({"bronze.ships_raw": 1}, {})
    adopted.keep(settings, ships("boats"))
    sail(lake, "boats", "2026-03-02")
    sail(lake, "ships", "2026-03-02")
    assert (tick(), tick()) == ({"bronze.boats_raw": 1, "bronze.ships_raw": 2}, {})
