"""What a body of a request may be."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard

from lakehouse_assets.intake import bodies
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


@pytest.mark.parametrize("content_type", bodies.TYPES)
def test_a_mark_of_utf_8_is_no_part_of_a_record_and_other_encodings_are_refused(content_type: str) -> None:
    text = '[{"a": 1}]\n' if content_type == "application/json" else '{"a": 1}\n'
    data, ends = bodies.cut(text.encode("utf-8-sig"), content_type)
    assert data == b'{"a": 1}\n' and ends.tolist() == [9]
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"):
        with pytest.raises(bodies.BodyError, match="send it as UTF-8") as refused:
            bodies.cut(text.encode(encoding), content_type)
        assert refused.value.code == "not_utf8"


LONG = b'{"a": "' + b"x" * 30 + b'"}'


@pytest.mark.parametrize(
    "lines",
    [
        [LONG], [LONG] * 3, [LONG, b"", LONG], [b"", LONG], [LONG, b" \t ", LONG], [LONG, b"{}", LONG],
        [b" " * 17, LONG],
        [LONG + b"\r", LONG + b"\r"], [LONG + b"\xff", LONG],
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_body_is_cut_at_its_lines_and_blank_ones_are_no_records(lines: list[bytes], end: bytes) -> None:
    data, ends = bodies.cut(b"\n".join(lines) + end, "application/x-ndjson")
    assert data.endswith(b"\n") and ends[-1] == len(data)
    texts = [data[begin:end].rstrip(b"\r\n") for begin, end in zip([0, *ends[:-1]], ends, strict=True)]
    assert texts == [line.rstrip(b"\r") for line in lines if line.strip() or len(line) > bodies.MOST_BLANK]


def test_a_line_that_is_longer_than_a_record_may_be_is_refused() -> None:
    with pytest.raises(TooLargeError, match="A record has more than 16 MiB"):
        bodies.cut(LONG + b"\n" + b"x" * bodies.MAX_RECORD + b"\n" + LONG + b"\n", "application/x-ndjson")
