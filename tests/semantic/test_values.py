"""Values of dimensions: bounded, by frequency, read once per snapshot."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from semantic.errors import SemanticError, UnknownNameError
from semantic.layer import SemanticLayer
from semantic.manifest.catalog import DimensionDefinition
from semantic.values import DimensionValues, Only


def test_values_by_frequency(asked_lake: Lake, layer: SemanticLayer, session: DuckDBSession) -> None:
    found = DimensionValues(asked_lake, layer).values("complaint__ward_id")
    expected = session.query(
        "select ward_id v, count(*) n from gold.gold_pgr_case_lifecycle where ward_id is not null"
        " group by 1 order by n desc, v"
    )
    assert found == list(zip(*(c.to_pylist() for c in expected.columns), strict=True))


def test_no_more_values_than_the_limit(asked_lake: Lake, layer: SemanticLayer) -> None:
    values = DimensionValues(asked_lake, layer, limit=3).read(["complaint__complaint_id", "complaint__channel"])
    assert len(values["complaint__complaint_id"].items) == 3
    assert not values["complaint__complaint_id"].complete
    assert values["complaint__channel"].complete


def test_values_are_read_once_per_snapshot(
    asked_lake: Lake, layer: SemanticLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = DimensionValues(asked_lake, layer)
    first = values.read()
    assert {type(v) for v, _ in first["complaint__is_open"].items} == {bool}

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(values, "_read", refuse)
    assert values.read() == first


def test_what_has_no_list_of_values(asked_lake: Lake, layer: SemanticLayer) -> None:
    values = DimensionValues(asked_lake, layer)
    with pytest.raises(UnknownNameError, match="did you mean"):
        values.values("complaint__ward")
    with pytest.raises(SemanticError, match="is a time"):
        values.values("complaint__submitted_date")


def test_a_table_that_was_never_published_has_none(layer: SemanticLayer, tmp_path: Path) -> None:
    empty = Lake(Settings(profile="local", home=tmp_path / "home", landing="", dagster_home=None))
    assert DimensionValues(empty, layer).values("complaint__ward_id") == []


def test_values_of_some_rows_only(asked_lake: Lake, layer: SemanticLayer, session: DuckDBSession) -> None:
    values = DimensionValues(asked_lake, layer)
    every = values.read(["complaint__ward_id"])["complaint__ward_id"]
    some = values.read(["complaint__ward_id"], Only("tenant_id", "pb.amritsar"))["complaint__ward_id"]
    expected = session.query(
        "select ward_id v, count(*) n from gold.gold_pgr_case_lifecycle"
        " where ward_id is not null and tenant_id = 'pb.amritsar' group by 1"
    )
    assert dict(some.items) == dict(zip(*(c.to_pylist() for c in expected.columns), strict=True))
    assert some != every == values.read(["complaint__ward_id"])["complaint__ward_id"]


def test_no_values_where_the_rows_cannot_be_told(asked_lake: Lake, layer: SemanticLayer) -> None:
    found = DimensionValues(asked_lake, layer).read(["complaint__channel"], Only("no_such_dimension", "x"))
    assert found["complaint__channel"].items == () and not found["complaint__channel"].complete


@pytest.mark.parametrize("kept_on_disk", [False, True])
def test_more_columns_than_one_grouping_takes(
    asked_lake: Lake, session: DuckDBSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_on_disk: bool
) -> None:
    # Both engines take 63 at most. Each of the 70 columns is reached by three joins, and read once.
    table = "gold.gold_pgr_case_lifecycle"
    dimensions = {
        f"{path}__c{i}": DimensionDefinition(
            f"{path}__c{i}", f"c{i}", "", "", (), "categorical", table, f"CONCAT(channel, '{i}')"
        )
        for path in ("a", "b", "c")
        for i in range(70)
    }
    layer: Any = SimpleNamespace(catalog=lambda: SimpleNamespace(dimensions=dimensions))
    values = DimensionValues(asked_lake, layer, folder=tmp_path if kept_on_disk else None)
    read, together = [], values._read_together

    def note(relation: str, expressions: list[str], *rest: Any) -> Any:
        read.extend(expressions)
        return together(relation, expressions, *rest)

    monkeypatch.setattr(values, "_read_together", note)
    found = values.read()
    rows = session.query(
        f"select channel v, count(*) n from {table} where channel is not null group by 1 order by n desc, v"
    ).to_pylist()
    assert rows and {
        name: [(f"{row['v']}{name.partition('__c')[2]}", row["n"]) for row in rows] for name in dimensions
    } == {name: list(counted.items) for name, counted in found.items()}
    assert all(counted.complete for counted in found.values())
    assert sorted(read) == sorted({d.expr for d in dimensions.values()})
