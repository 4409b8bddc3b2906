"""The runner over public files finds nothing wrong with files of every family, and would find what is."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.corpus.__main__ import families, main
from tests.corpus.expected import Expected, Shape, expected
from tests.corpus.judging import judge
from tests.corpus.running import run
from tests.corpus.trial import group


def collection(folder: Path) -> Path:
    """Sound, faulty and hopeless files of every format."""
    table = pa.table(
        {"id": [1, 2], "amount": pa.array([Decimal("1.10"), None], pa.decimal256(60, 2)), "ID": ["a", "é"]}
    )
    pq.write_table(table, folder / "own.parquet")
    pq.write_table(table, folder / "day[1].parquet")
    files = {
        "plain.csv": b"id,name\n1,Tea\n2,\"two\nlines\"\n",
        "odd rows.csv": b"id,name,price\n1,Tea,2\n2\n3,Milk,4\n4,Salt,1\n5,Oil,9\n",
        "returns.csv": b"id,name\r1,Tea\r2,Milk\r",
        "quotes.csv": b'id,name\n1,"Tea" black\n2,Milk\n',
        "western.csv": "id;name\n1;Café\n".encode("latin-1"),
        "array.json": b'[{"id": 1, "amount": 0.5}, {"id": null}]',
        "broken.json": b'[{"id": 1}, {"id": ',
        "lines.ndjson": b'{"id": 1}\nnot JSON\n{"id": 2, "more": {"a": [1.0]}}\n',
        "cut.parquet": (folder / "own.parquet").read_bytes()[:-10],
        "notes.txt": b"no data",
    }  # fmt: skip
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.timeout(180)
def test_a_small_collection_runs_through_with_nothing_lost_changed_or_crashed(tmp_path, capsys):
    (tmp_path / "small").mkdir()
    collection(tmp_path / "small")
    assert main([str(tmp_path), "--json"]) == 0, capsys.readouterr().out
    told = json.loads(capsys.readouterr().out)
    assert set(told["families"]) == {"small csv", "small json", "small parquet"}
    assert (
        told["families"]["small parquet"] | {"files": 3, "read": 4, "loaded": 4, "refused": 1}
        == told["families"]["small parquet"]
    )
    assert (told["all"]["loaded"], told["all"]["quarantined"]) == (18, 3)
    by_name = {Path(o["file"]).name: o for o in told["files"]}
    assert by_name["cut.parquet"]["ending"] == by_name["broken.json"]["ending"] == "refused"
    for name, figures in {"lines.ndjson": (2, 1), "odd rows.csv": (4, 1), "quotes.csv": (1, 1)}.items():
        assert (by_name[name]["loaded"], by_name[name]["quarantined"]) == figures


@pytest.mark.timeout(60)
def test_a_file_that_takes_too_long_has_crashed(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    (outcome,) = run([("slow csv", path)], seconds=0)
    assert (outcome.ending, outcome.detail) == ("crashed", "it took too long")


def row(payload: str, *texts: str | None) -> dict[str, str]:
    return {"raw_payload": payload, "attributes_json": json.dumps({str(i): t for i, t in enumerate(texts)})}


def test_what_is_lost_changed_or_made_up_is_counted():
    wanted = Expected(["a"], [{"a": Decimal("1.10")}, {"a": "x"}, None])

    def judged(loaded, quarantined, expected=wanted):
        verdict = judge(expected, dict(loaded), quarantined, ["a"])
        return verdict.lost, verdict.corrupted

    good = {1: row('{"a": 1.10}', "1.10"), 2: row('{"a": "x"}', "x")}
    assert judged(good, {3: "7"}) == (0, 0)
    assert judged(good, {}) == (1, 0), "one of three is nowhere"
    assert judged({2: good[2]}, {1: '{"a": 1.10}', 3: "7"}) == (0, 0)
    assert judged({1: good[1]}, {2: '"y"', 3: "7"}) == (1, 0), "the quarantine holds another"
    assert judged({1: good[1]}, {2: "x\n7"}) == (0, 0), "the quarantine keeps two lines together"
    assert judged({**good, 1: row('{"a": 1.1000000001}', "1.10")}, {3: "7"}) == (0, 1), "the payload is another"
    assert judged({**good, 2: row('{"a": "x"}', "y")}, {3: "7"}) == (0, 1), "the field is another"
    assert judged({1: good[2], 2: good[1]}, {3: "7"})[1] > 0, "the order is another"
    assert judged({**good, 3: row("{}", None)}, {}) == (0, 1), "what is no record was loaded"
    assert judged({**good, 3: row('{"a": "x"}', "x")}, {4: "7"})[1] > 0, "more records than there are"
    broken = Expected(["a"], [{"a": "x"}], whole=False, possible=[{"a": "z"}])
    assert judged({1: row('{"a": "x"}', "x"), 2: row('{"a": "z"}', "z")}, {}, broken) == (0, 0)
    assert judged({1: row('{"a": "x"}', "x"), 2: row('{"a": "w"}', "w")}, {}, broken) == (0, 1)


def test_files_are_told_by_suffix_and_collection(tmp_path):
    for name in (
        "one/a.csv",
        "one/b.tsv.gz",
        "two/c.jsonl",
        "two/d.json",
        "two/parquet/e",
        "two/f.parquet.encrypted",
        "two/g.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = {family: [p.name for p in paths] for family, paths in families(tmp_path).items()}
    assert found == {
        "one csv": ["a.csv", "b.tsv.gz"],
        "two json": ["c.jsonl", "d.json"],
        "two parquet": ["f.parquet.encrypted", "e"],
    }


def test_the_independent_readers_are_strict(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b'a,b\n1,"x" y\n2,z\n')
    found = expected(path, Shape("csv"))
    assert (found.records, found.whole) == ([], False)
    path.write_bytes(b'a\n\xa0\n \n" "\n\0\n"\xa0"\nb\n')
    assert [r and r["a"] for r in expected(path, Shape("csv")).records] == [None, " ", None, None, "b"]
    path.write_bytes(b'[{"a": NaN}]')
    assert not expected(path, Shape("json")).whole
    path.write_bytes(b'{"a": "\\ud800"}\n7\n')
    assert expected(path, Shape("ndjson")).records == [None, None]
    assert group("column 'x' has 12,5 of \"y\"") == "column … has n of …"
