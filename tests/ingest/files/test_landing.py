"""The landing folder: new and complete files, once each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from lakehouse_assets.domains.sales import sample
from lakehouse_assets.ingest.files.landing import LandingFile, group_by_source, look
from lakehouse_assets.ingest.loads.loader import load
from lakehouse_assets.lakehouse.lake import Lake
from tests.servers import Servers


def put(root: Path, name: str, content: str = "x", age: float = 60) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def names(files) -> list[str]:
    return [Path(f.path).name for f in files]


def pending(landing: Any, cursor: str | None = None, **options: Any) -> tuple[list[LandingFile], str]:
    found = look(landing, cursor, **options)
    return found.files, found.cursor


def test_no_folder_no_files(tmp_path):
    assert pending(tmp_path / "none") == ([], "{}")


def test_each_file_once_and_again_when_changed(tmp_path):
    put(tmp_path, "shop/b.csv", age=100)
    put(tmp_path, "shop/sub/a.csv", age=200)
    put(tmp_path, "pgr/c.csv", age=300)
    put(tmp_path, "loose.csv")
    files, cursor = pending(tmp_path)
    assert names(files) == ["c.csv", "a.csv", "b.csv"] and [f.source for f in files] == ["pgr", "shop", "shop"]
    assert list(group_by_source(files)) == ["pgr", "shop"]
    assert pending(tmp_path, cursor)[0] == []
    put(tmp_path, "shop/b.csv", "changed", age=50)
    files, cursor = pending(tmp_path, cursor)
    assert names(files) == ["b.csv"]
    assert pending(tmp_path, cursor)[0] == []


@pytest.mark.parametrize("cursor", ["no JSON", "[]", "7", '{"#": "x"}', '{"#": [1]}', "[" * 100_000, '{"shop/x": {}}'])
def test_a_cursor_that_no_look_gave_back_is_none(tmp_path, cursor):
    put(tmp_path, "shop/a.csv")
    found = look(tmp_path, cursor)
    assert names(found.files) == ["a.csv"] and found.number == 1


def test_what_is_still_being_written_waits(tmp_path):
    put(tmp_path, "shop/fresh.csv", age=0)
    put(tmp_path, "shop/half.csv.part")
    put(tmp_path, "shop/half.tmp")
    put(tmp_path, "shop/.hidden")
    put(tmp_path, "shop/empty.csv", "")
    files, cursor = pending(tmp_path)
    assert files == []
    assert set(names(pending(tmp_path, cursor, settle_seconds=0)[0])) == {"fresh.csv", "empty.csv"}


def test_a_file_that_has_gone_is_forgotten(tmp_path):
    path = put(tmp_path, "shop/a.csv")
    _, cursor = pending(tmp_path)
    path.unlink()
    assert json.loads(pending(tmp_path, cursor)[1]) == {"#": 1}


def test_a_file_that_was_taken_away_and_put_back_comes_in_another_look(tmp_path):
    path = put(tmp_path, "shop/a.csv")
    first = look(tmp_path)
    path.rename(tmp_path / "away")
    gone = look(tmp_path, first.cursor)
    assert gone.files == []
    (tmp_path / "away").rename(path)
    again = look(tmp_path, gone.cursor)
    assert [f.key for f in again.files] == [f.key for f in first.files] and again.number > first.number
    assert look(tmp_path, gone.cursor).number == again.number, "a look that is repeated is the same"
    assert look(tmp_path, again.cursor).files == []


def test_what_waits_or_is_passed_over_is_named_and_stops_nothing(tmp_path):
    outside = put(tmp_path / "elsewhere", "secret.csv")
    root = tmp_path / "landing"
    good = put(root, "shop/good.csv")
    put(root, "shop/empty.csv", "")
    put(root, "shop/later.csv", age=-86_400)
    for name, target in {
        "shop/loop.csv": "loop.csv", "shop/inside.csv": good, "shop/outside.csv": outside, "shop/nothing.csv": "gone",
        "shop/folder": root, "loop": "loop", "elsewhere": outside.parent,
    }.items():  # fmt: skip
        (root / name).symlink_to(target)
    os.mkfifo(root / "shop" / "pipe.csv")
    found = look(root)
    assert sorted(names(found.files)) == ["good.csv", "inside.csv"]
    told = "\n".join(found.passed_over)
    for words in (
        "empty.csv is empty", "later.csv is dated in the future", "loop.csv is a link that leads back to itself",
        f"outside.csv is a link out of the landing folder, to {outside}", "nothing.csv is a link to nothing",
        "shop/folder is a link to a folder", "landing/loop is a link that leads back", "pipe.csv is not a file",
        f"elsewhere is a link out of the landing folder, to {outside.parent}",
    ):  # fmt: skip
        assert words in told
    assert len(found.passed_over) == 9
    then = look(root, found.cursor)
    assert names(then.files) == ["later.csv"], "it stayed as it was from one look to the next"
    assert look(root, then.cursor).files == []


def test_what_may_not_be_read_is_named_and_taken_once_it_may(tmp_path, monkeypatch):
    """Root may read everything, so the answer of the system is given for it."""
    put(tmp_path, "shop/good.csv")
    put(tmp_path, "shop/closed.csv")
    with monkeypatch.context() as closed:
        closed.setattr(os, "access", lambda path, _mode: Path(path).name != "closed.csv")
        found = look(tmp_path)
    assert names(found.files) == ["good.csv"]
    assert len(found.passed_over) == 1 and "closed.csv may not be read" in found.passed_over[0]
    assert names(look(tmp_path, found.cursor).files) == ["closed.csv"]


def test_urls_work_like_folders():
    import fsspec

    fs = fsspec.filesystem("memory")
    fs.pipe("/land/shop/a.csv", b"x")
    fs.pipe("/land/shop/b.csv.part", b"x")
    files, cursor = pending("memory://land", settle_seconds=-1)
    assert [(f.source, f.path) for f in files] == [("shop", "memory:///land/shop/a.csv")]
    assert pending("memory://land", cursor, settle_seconds=-1)[0] == []


@pytest.fixture
def bucket(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The landing bucket of the S3 server, empty; the environment names the server."""
    variables = servers.variables
    for name in ("ENDPOINT", "REGION", "ACCESS_KEY", "SECRET_KEY"):
        monkeypatch.setenv(f"ASKLAKE_S3_{name}", variables[f"ASKLAKE_S3_{name}"])
    client: Any = boto3.resource(
        "s3", endpoint_url=variables["ASKLAKE_S3_ENDPOINT"], region_name=variables["ASKLAKE_S3_REGION"],
        aws_access_key_id=variables["ASKLAKE_S3_ACCESS_KEY"], aws_secret_access_key=variables["ASKLAKE_S3_SECRET_KEY"],
    )  # fmt: skip
    found = client.Bucket("landing")
    found.objects.delete()
    yield found
    found.objects.delete()


@pytest.mark.cluster
def test_files_on_an_s3_server_are_found_once_and_loaded(bucket: Any, lake: Lake, tmp_path: Path) -> None:
    (file,) = sample.write_sample(tmp_path, size=40, files=1).files["sales_csv"]
    bucket.upload_file(str(file), f"sales_csv/2026/{file.name}")
    for name in ("sales_csv/half.csv.part", "sales_csv/.hidden.csv", "loose.csv"):
        bucket.put_object(Key=name, Body=b"x")
    assert pending("s3://landing")[0] == [], "what was written a moment ago may still grow"
    files, cursor = pending("s3://landing", settle_seconds=-60)
    assert [(f.source, f.path) for f in files] == [("sales_csv", f"s3://landing/sales_csv/2026/{file.name}")]
    (loaded,) = load(lake, [files[0].path], "sales_csv")
    assert loaded.rows_loaded > 0
    assert pending("s3://landing", cursor, settle_seconds=-60)[0] == []
    bucket.put_object(Key=f"sales_csv/2026/{file.name}", Body=b"changed")
    (changed,), _ = pending("s3://landing", cursor, settle_seconds=-60)
    assert changed.key != files[0].key
