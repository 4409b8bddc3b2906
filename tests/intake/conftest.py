"""Logs in a folder of the test's own, and entries for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.intake import committer as committing
from lakehouse_assets.intake.committer import Committer
from lakehouse_assets.intake.entries import Entry
from lakehouse_assets.intake.log import IntakeLog
from lakehouse_assets.lakehouse.lake import Lake
from tests.ingest.conftest import record, rows, sales_source

__all__ = ["rows"]

SOURCE = sales_source(format="ndjson", tenant=None)
ROWS = "select order_id, tenant_id, source_file, source_row from bronze.sample_sales order by order_id"


def entry(
    *numbers: int, source: str = "shop", tenant: str | None = "t1", key: str | None = None, **changes: Any
) -> Entry:
    return raw(*(json.dumps(record(n, **changes)) for n in numbers), source=source, tenant=tenant, key=key)


def raw(*texts: str, source: str = "shop", tenant: str | None = "t1", key: str | None = None) -> Entry:
    lines = [text.encode() + b"\n" for text in texts]
    return Entry(source, tenant, key, b"".join(lines), np.cumsum([len(line) for line in lines]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "intake"


@pytest.fixture
def log(folder: Path) -> Iterator[IntakeLog]:
    opened = IntakeLog(folder, most_backlog=1 << 30)
    yield opened
    opened.close()


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> dict[str, Source]:
    """The sources that there are for the committer, by name."""
    known = {"shop": SOURCE}

    def find(name: str) -> Source:
        if name not in known:
            raise SourceError(f"there is no source '{name}'")
        return known[name]

    monkeypatch.setattr(committing, "find_source", find)
    return known


@pytest.fixture
def committer(lake: Lake, folder: Path, sources: dict[str, Source]) -> Iterator[Committer]:
    made = Committer(lake, folder)
    yield made
    made.close()


@pytest.fixture
def orders(lake: Lake) -> Callable[[], list[str]]:
    def read() -> list[str]:
        with lake.session() as session:
            return [row["order_id"] for row in session.query(ROWS, limit=None).to_pylist()]

    return read
