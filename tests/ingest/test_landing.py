"""The landing folder: new and complete files, once each."""

from __future__ import annotations

import os
import time
from pathlib import Path

from lakehouse_assets.ingest.landing import group_by_source, pending


def put(root: Path, name: str, content: str = "x", age: float = 60) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def names(files) -> list[str]:
    return [Path(f.path).name for f in files]


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


def test_what_is_still_being_written_waits(tmp_path):
    put(tmp_path, "shop/fresh.csv", age=0)
    put(tmp_path, "shop/half.csv.part")
    put(tmp_path, "shop/half.tmp")
    put(tmp_path, "shop/.hidden")
    put(tmp_path, "shop/empty.csv", "")
    files, cursor = pending(tmp_path)
    assert files == []
    assert names(pending(tmp_path, cursor, settle_seconds=0)[0]) == ["fresh.csv"]


def test_a_file_that_has_gone_is_forgotten(tmp_path):
    path = put(tmp_path, "shop/a.csv")
    _, cursor = pending(tmp_path)
    path.unlink()
    assert pending(tmp_path, cursor)[1] == "{}"


def test_urls_work_like_folders():
    import fsspec

    fs = fsspec.filesystem("memory")
    fs.pipe("/land/shop/a.csv", b"x")
    fs.pipe("/land/shop/b.csv.part", b"x")
    files, cursor = pending("memory://land", settle_seconds=-1)
    assert [(f.source, f.path) for f in files] == [("shop", "memory:///land/shop/a.csv")]
    assert pending("memory://land", cursor, settle_seconds=-1)[0] == []
