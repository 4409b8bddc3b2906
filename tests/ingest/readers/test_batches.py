"""Batches are read as the engine has use for them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from lakehouse_assets.ingest.readers import batches
from lakehouse_assets.ingest.readers.batches import AHEAD, SCHEMA, Counter
from lakehouse_assets.ingest.readers.json.lines import ndjson_batches

BLOCKS, RECORDS = 4 * AHEAD, 10


def scanned(counter: Counter) -> Iterator[pa.RecordBatch]:
    """The batches of a file through the scanner that DuckDB reads them with."""
    blocks = (b'{"number": "long enough to be pointed at"}\n' * RECORDS for _ in range(BLOCKS))
    reader = pa.RecordBatchReader.from_batches(SCHEMA, ndjson_batches(blocks, counter))
    return iter(ds.Scanner.from_batches(reader).to_reader())


def test_reading_does_not_run_ahead_of_who_lets_go_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PATIENCE_S", 60)
    counter = Counter()
    reader = scanned(counter)
    kept = [next(reader)]
    time.sleep(0.2)
    assert counter.records <= AHEAD * RECORDS
    kept.clear()
    assert sum(batch.num_rows for batch in reader) == BLOCKS * RECORDS - RECORDS
    assert counter.records == BLOCKS * RECORDS


def test_who_keeps_everything_gets_it_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PATIENCE_S", 0.001)
    kept = list(scanned(Counter()))
    numbers = [number for batch in kept for number in batch.column("source_row").to_pylist()]
    assert numbers == list(range(1, BLOCKS * RECORDS + 1))
