"""Which bodies of events are cut where all requests are served: those that take no time there, compressed or not."""

from __future__ import annotations

import gzip

import pytest
import zstandard

from lakehouse_assets.intake.bodies import BodyError
from lakehouse_assets.service.intake.events import _IN_LINE, _at_once

LINE = b'{"a": 1, "of": "some words"}\n'
MOST = 8 << 20


def test_a_few_bytes_that_hold_much_are_cut_in_a_thread() -> None:
    """Of 12 kB of gzip a million records came, and nobody else was answered for two seconds."""
    many = LINE * (_IN_LINE // len(LINE) + 1)
    for coding, body in (("gzip", gzip.compress(many)), ("zstd", zstandard.compress(many)), ("identity", many)):
        assert _at_once(body, coding, "application/jsonl", MOST) is None
    few = LINE * 3
    for coding, body in (("gzip", gzip.compress(few)), ("zstd", zstandard.compress(few)), ("identity", few)):
        found = _at_once(body, coding, "application/jsonl", MOST)
        assert found is not None
        assert (found[0], found[1].tolist()) == (few, [29, 58, 87])


def test_the_bound_of_the_settings_holds_for_small_ones_too() -> None:
    assert _at_once(gzip.compress(LINE * 3), "gzip", "application/jsonl", 50) is None, "the thread refuses it"
    with pytest.raises(BodyError):
        _at_once(b"no gzip", "gzip", "application/jsonl", MOST)
