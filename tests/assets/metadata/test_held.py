"""What Dagit shows of the days of a domain: those from the first on that its tables hold, and runs may be of others."""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest

from lakehouse_assets.assets.metadata.held import Held, days_held
from lakehouse_assets.assets.transform import transform_assets
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.assets import tiny

SILVER = dg.AssetKey(["silver", "silver_pgr_events"])


def made(settings: Settings, held: dict[str, Held]) -> dg.AssetsDefinition:
    """What makes the PGR tables, showing these days."""
    found = transform_assets(settings, dbt_graph.load(settings), tiny.CONTRACTS, held)
    return next(a for a in found if SILVER in a.keys)


def shown_of(assets: dg.AssetsDefinition) -> list[str]:
    """The days that Dagit shows."""
    assert assets.partitions_def
    return list(assets.partitions_def.get_partition_keys())


def test_days_begin_with_the_data_and_a_run_may_be_of_earlier_ones(settings: Settings, lake: Lake) -> None:
    assert days_held(settings) == {}
    tiny.parsed(settings)
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-02", 1), ("C1", "RESOLVED", "2024-03-04", 1)])
    held = days_held(settings)
    assert held == {"pgr": Held(date(2024, 3, 2), date(2024, 3, 4))}
    code_location, wide = made(settings, held), made(settings, {})
    assert shown_of(code_location)[0] == "2024-03-02" and shown_of(wide)[0] == "2010-01-01"

    # More comes in, of an earlier day, while Dagit shows what it did: what builds it knows all days.
    tiny.publish_events(lake, [("C2", "CREATED", "2024-03-01", 2)])
    with dg.DagsterInstance.ephemeral() as instance:
        assert tiny.run(wide, settings, tags=tiny.in_range("2024-03-01", "2024-03-04"), instance=instance).success
        built = instance.get_materialized_partitions(SILVER)
    shown = shown_of(made(settings, days_held(settings)))
    assert shown[0] == "2024-03-01" and built == set(shown[:4]), "nothing before the end of the data is missing"


def test_a_lake_that_cannot_be_read_shows_all_days(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    (settings.home / "catalog.db").write_text("not a database, and long enough to be read as one" * 40)
    assert days_held(settings) == {}
    assert "cannot be read" in caplog.text
