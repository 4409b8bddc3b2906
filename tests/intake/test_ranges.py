"""Ranges of the log as batches of records."""

from __future__ import annotations

import numpy as np
import pytest

from lakehouse_assets.ingest.origins import logged
from lakehouse_assets.ingest.origins.logged import LogRange, Piece
from lakehouse_assets.ingest.readers.batches import Counter


def test_a_piece_of_many_records_comes_in_batches_and_each_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logged, "MOST_AT_ONCE", 4)
    data = b"".join(b'{"n": %d}\n' % n for n in range(10))
    ends = np.cumsum([len(line) for line in data.splitlines(keepends=True)])
    found = LogRange("x", 0, 100, 120, len(data), lambda: [Piece(np.arange(105, 115), data, ends)], {107: "refused"})
    batches = list(found._batches(Counter()))
    assert [b.num_rows for b in batches] == [4, 4, 2]
    assert [n for b in batches for n in b.column("source_row").to_pylist()] == list(range(6, 16))
    texts = [t for b in batches for t in b.column("raw_text").to_pylist()]
    assert [t.strip() for t in texts] == data.decode().splitlines()
    problems = [p for b in batches for p in b.column("problem").to_pylist()]
    assert [n for n, p in enumerate(problems) if p] == [2]
