"""Drafts that were accepted: whole or not there, the first who takes a name has it, a broken one harms no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lakehouse_assets import adopted
from lakehouse_assets.adopted import Adopted, FullError, TakenError
from lakehouse_assets.assets.maintenance import maintenance_asset
from lakehouse_assets.assets.steps.resources import lake_resource
from lakehouse_assets.commands.lake import rezoning
from lakehouse_assets.commands.output import Out
from lakehouse_assets.domains import contract_of
from lakehouse_assets.ingest import SourceError
from lakehouse_assets.ingest.sources import find_any_source, find_source
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import publish


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    found = Settings(profile="local", home=tmp_path, landing="")
    adopted.use(found)
    yield found
    adopted.use(Settings())


def draft(name: str = "ships", job: str = "j1", **more: Any) -> Adopted:
    columns = [
        {"name": "sails", "type": "DATE", "description": "Sails.", "nullable": False},
        {"name": "tenant_id", "type": "VARCHAR", "description": "Tenant.", "nullable": False},
    ]
    return Adopted.model_validate(
        {
            "name": name, "job": job, "tenant": "t1", "accepted_by": "me", "accepted_at": "2026-01-01T00:00:00Z",
            "edits": {}, "description": "Ships.", "grain": "One row per ship.", "key": ["sails"], "day": "sails",
            "first_day": "2009-01-01", "columns": columns,
            "source": {
                "name": name, "format": "csv", "target": f"bronze.{name}_raw", "tenant": "t1",
                "dedup_key": ["sails"], "columns": {"sails": "sails"},
            },
        } | more
    )  # fmt: skip


def test_what_is_kept_is_found_by_uploads_and_by_nothing_else(settings: Settings) -> None:
    adopted.keep(settings, draft())
    assert [one.name for one in adopted.adopted()] == ["ships"]
    assert contract_of("bronze.ships_raw").partitions[0].column == "sails"
    assert find_any_source("ships").only_tenant == "t1"
    with pytest.raises(SourceError, match="asklake new-domain ships"):
        find_source("ships")
    (file,) = adopted.folder_of(settings).glob("*.json")
    assert file.stat().st_mode & 0o077 == 0 and file.parent.stat().st_mode & 0o077 == 0


def test_the_first_has_a_name_and_decides_anew_only_while_its_table_is_empty(settings: Settings) -> None:
    adopted.keep(settings, draft())
    adopted.keep(settings, draft())  # asked for again
    with pytest.raises(TakenError):
        adopted.keep(settings, draft(job="j2"), replace=True)
    other = draft(
        columns=[*[c.model_dump() for c in draft().columns], draft().columns[0].model_dump() | {"name": "to"}]
    )
    with pytest.raises(TakenError):
        adopted.keep(settings, other)
    adopted.keep(settings, other, replace=True)
    (kept,) = adopted.adopted()
    assert len(kept.columns) == 3


def test_what_cannot_be_read_is_left_out_and_there_is_an_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    adopted.keep(settings, draft())
    folder = adopted.folder_of(settings)
    (folder / "broken.json").write_text("{")
    (folder / "0123.new").write_text("half")
    assert [one.name for one in adopted.adopted()] == ["ships"] and "broken.json" in caplog.text
    monkeypatch.setattr(adopted, "MOST", 2)
    with pytest.raises(FullError):
        adopted.keep(settings, draft("boats"))


def test_one_tenant_leaves_room_for_others(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adopted, "MOST_OF_ONE", 1)
    adopted.keep(settings, draft())
    with pytest.raises(FullError):
        adopted.keep(settings, draft("boats"))
    adopted.keep(settings, draft("boats", tenant="t2"))
    adopted.keep(settings, draft("rafts", tenant=None))
    adopted.keep(settings, draft("junks", tenant=None))


def test_its_table_is_kept_up_and_rezoned_like_any_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [
        {"name": "sails_at", "type": "TIMESTAMP", "description": "Sails, in UTC.", "nullable": False},
        {"name": "sails", "type": "DATE", "description": "Day of it.", "nullable": False},
        {"name": "loaded_at", "type": "TIMESTAMP", "description": "When it was loaded.", "nullable": False},
    ]
    source = draft().source | {"columns": {"sails_at": "at"}}
    adopted.keep(settings, draft(key=["sails_at"], columns=columns, source=source))
    (contract,) = adopted.contracts()
    lake = Lake(settings)
    for hour in range(8):
        at = f"timestamp '2026-03-01 {hour + 15}:00:00'"
        rows = f"select {at} as sails_at, date '2026-03-01' as sails, {at} as loaded_at"
        publish(lake, rows, Append(), (contract,))
    done = dg.materialize([maintenance_asset({})], resources={"lakehouse": lake_resource(settings.home)})
    assert done.asset_materializations_for_node("platform__maintenance")[0].metadata["files"].value == 1

    moved = Lake(settings.model_copy(update={"time_zone": "Asia/Kolkata"}))
    monkeypatch.setattr(rezoning, "open_lake", lambda: moved)
    rezoning.rezone(Out(as_json=True))
    with moved.session() as session:
        counted = f"select sails, count(*) as n from {contract.identifier} group by 1 order by 1"
        assert [row["n"] for row in session.query(counted).to_pylist()] == [4, 4], "from 18:30 on it is another day"
