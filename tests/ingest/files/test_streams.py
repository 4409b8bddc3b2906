"""Bytes of a file: hashed as they lie, unpacked within bounds, decoded exactly."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import fsspec
import pytest
import zstandard

from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.files.streams import BLOCK, InputFile, expand


def stored(folder: Path, content: bytes) -> str:
    path = folder / "file"
    path.write_bytes(content)
    return str(path)


def text(path: str, encoding: str = "utf-8") -> bytes:
    return b"".join(InputFile(path, encoding=encoding).text_blocks())


def test_the_hash_is_of_the_content_however_often_it_is_read(tmp_path):
    content = os.urandom(3 * BLOCK + 17)
    file = InputFile(stored(tmp_path, content))
    expected = hashlib.sha256(content).hexdigest()
    assert file.sha256 == expected
    assert b"".join(file.text_blocks()) == content and file.sha256 == expected
    next(file.raw_blocks())
    assert file.sha256 == expected, "a reading that was given up counts for nothing"


def zstd_of_zeros(size: int, **parameters: int) -> bytes:
    chosen = zstandard.ZstdCompressionParameters.from_level(1, **parameters)
    packer = zstandard.ZstdCompressor(compression_params=chosen).compressobj()
    return b"".join(packer.compress(bytes(BLOCK)) for _ in range(size // BLOCK)) + packer.flush()


def test_what_is_unpacked_comes_in_blocks_however_much_a_few_bytes_stand_for(tmp_path):
    for packed in (zstd_of_zeros(128 << 20), gzip.compress(bytes(128 << 20), 1)):
        assert len(packed) < 1 << 20
        sizes = [len(block) for block in InputFile(stored(tmp_path, packed))._decompressed()]
        assert sum(sizes) == 128 << 20 and max(sizes) <= BLOCK


def test_zstd_that_wants_a_gibibyte_to_look_back_on_is_refused(tmp_path):
    packed = zstd_of_zeros(8 << 20, window_log=30, enable_ldm=1)
    with pytest.raises(IngestError, match="needs more than 128 MiB"):
        text(stored(tmp_path, packed))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_parts_one_after_the_other_and_what_is_wrong_with_the_last(tmp_path, pack):
    noise = os.urandom(100_000).hex().encode()
    first, second = pack(noise), pack(b"second")
    assert text(stored(tmp_path, first + second)) == noise + b"second"
    assert text(stored(tmp_path, b"".join(pack(b"%d," % i) for i in range(300)))) == b"".join(
        b"%d," % i for i in range(300)
    )
    for cut in (1, len(second) - 4, len(second) + 50_000):
        with pytest.raises(IngestError, match="cut off"):
            text(stored(tmp_path, (first + second)[:-cut]))
    with pytest.raises(IngestError, match="damaged"):
        text(stored(tmp_path, first + b"something else"))


def test_gzip_padded_with_zeros_as_tapes_leave_it(tmp_path):
    assert text(stored(tmp_path, gzip.compress(b"a,b") + bytes(1024))) == b"a,b"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be"), ("utf-16", "utf-16"), ("utf-32", "utf-32")],
)
def test_wide_characters_are_told_from_the_first_bytes(tmp_path, encoding, said):
    path = stored(tmp_path, "id,at\n1,2026-06-01\n".encode(encoding))
    with pytest.raises(IngestError, match=f"encoding: {said}'"):
        text(path)
    assert text(path, said) == b"id,at\n1,2026-06-01\n"


def test_a_stray_zero_byte_is_no_sign_of_wide_characters(tmp_path):
    assert text(stored(tmp_path, b"id,at\n1,a\0b\n")) == b"id,at\n1,a\0b\n"


def test_only_the_first_character_of_a_text_is_a_byte_order_mark(tmp_path):
    content = "\ufeff" + "x" * (BLOCK // 2 - 1) + "\ufeff" + "y"
    for encoding in ("utf-16-le", "utf-8"):
        assert text(stored(tmp_path, content.encode(encoding)), encoding) == content[1:].encode()


def test_a_remote_name_that_looks_like_a_pattern_is_a_name_first():
    files = fsspec.filesystem("memory")
    for name in ("day1.csv", "day[1].csv", "day*.csv"):
        files.pipe(f"/landing/{name}", b"id\n1\n")
    assert expand(["memory://landing/day[1].csv"]) == ["memory:///landing/day[1].csv"]
    assert expand(["memory://landing/day*.csv"]) == ["memory:///landing/day*.csv"]
    assert len(expand(["memory://landing/*.csv"])) == 3
