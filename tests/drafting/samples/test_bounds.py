"""Drafting from a hostile file: kilobytes that unpack to gigabytes, and brackets without end."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse_assets.drafting.samples import sampling
from lakehouse_assets.ingest.errors import IngestError


def test_of_large_values_only_so_many_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_BYTES", 8 << 20)
    file = tmp_path / "repeated.parquet"
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"a": values, "b": range(20_000)}), file, compression="zstd")
    assert file.stat().st_size < 200_000  # 2 GB in memory
    sample = sampling.read_sample(str(file))
    assert sample.texts.num_rows > 0 and sample.texts.nbytes < 64 << 20


@pytest.mark.parametrize(
    "text", ['{"a": ' + "[" * 100_000 + "]" * 100_000 + "}\n", '{"a":' * 100_000 + "1" + "}" * 100_000]
)
def test_brackets_without_end_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "deep.json"
    file.write_text(text)
    with pytest.raises(IngestError):
        sampling.read_sample(str(file))
