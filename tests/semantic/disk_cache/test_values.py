"""Values on disk: those of the newest state asked for, as they were, and never any that are not of it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from semantic.disk_cache.values import CountedValues, KeptValues
from semantic.layer import SemanticLayer
from semantic.values import DimensionValues, Only

native = st.one_of(st.text(), st.booleans(), st.integers(), st.floats(allow_nan=False))
listed = st.builds(CountedValues, st.lists(st.tuples(native, st.integers(1))).map(tuple), st.booleans())


@given(st.dictionaries(st.text(), listed), st.dictionaries(st.text(), listed), st.integers())
def test_what_was_kept_is_found(
    tmp_path_factory: pytest.TempPathFactory, first: dict, second: dict, state: int
) -> None:
    kept = KeptValues(tmp_path_factory.mktemp("values"), 5)
    kept.keep("gold.t", state, first)
    kept.keep("gold.t", state, second)
    found = kept.get("gold.t", state)
    assert found == first | second
    assert [type(v) for values in found.values() for v, _ in values.items] == [
        type(v) for values in (first | second).values() for v, _ in values.items
    ]
    assert kept.get("gold.t", state + 1) == kept.get("gold.other", state) == {}


def test_only_the_newest_state_and_the_same_limit_and_what_json_gives_back(tmp_path: Path) -> None:
    kept, values = KeptValues(tmp_path, 5), {"a": CountedValues((("x", 1),), complete=True)}
    kept.keep("gold.t", 1, values)
    assert KeptValues(tmp_path, 6).get("gold.t", 1) == {}
    kept.keep("gold.t", 2, values | {"day": CountedValues(((date(2024, 1, 1), 1),), complete=True)})
    assert kept.get("gold.t", 1) == {} and kept.get("gold.t", 2) == values


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"state": [1, 5], "values": {"a": 1}}'])
def test_a_damaged_file_holds_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "gold.t.json").write_text(text)
    assert KeptValues(tmp_path, 5).get("gold.t", 1) == {}


def test_a_new_process_reads_no_table(
    asked_lake: Lake, layer: SemanticLayer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = DimensionValues(asked_lake, layer, folder=tmp_path).read()
    DimensionValues(asked_lake, layer, folder=tmp_path / "none").read(None, Only("tenant_id", "pb.amritsar"))
    assert not (tmp_path / "none").exists(), "what one tenant has is nobody else's"
    assert {file.stem for file in tmp_path.glob("*.json")} >= {"gold.gold_pgr_case_lifecycle"}

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(DimensionValues, "_read", refuse)
    assert DimensionValues(asked_lake, layer, folder=tmp_path).read() == read
    file = tmp_path / "gold.gold_pgr_case_lifecycle.json"
    moved = json.loads(file.read_text())
    file.write_text(json.dumps(moved | {"state": [0, moved["state"][1]]}))
    with pytest.raises(AssertionError, match="read again"):
        DimensionValues(asked_lake, layer, folder=tmp_path).read()
