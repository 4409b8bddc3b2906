"""What a body of a request may be."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard

from lakehouse_assets.intake.bodies import TooLargeError, decompressed


def test_a_small_body_that_is_large_once_decompressed_takes_little_memory() -> None:
    bomb = zstandard.compress(bytes(300_000_000))
    assert len(bomb) < 50_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLargeError):
            decompressed(bomb, "zstd", 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
