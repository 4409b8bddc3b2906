"""Bytes of a file, wherever it lies: finding files, decompressing by content, hashing, decoding to UTF-8.

Belongs here: everything below the level of a record.
Does not belong here: what a record is (batches).
"""

from __future__ import annotations

import codecs
import glob
import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import fsspec
import pyarrow as pa

from lakehouse_assets.ingest.errors import IngestError, OtherEncodingError
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 4 << 20
S3_VARIABLES = "ASKLAKE_S3_ENDPOINT, ASKLAKE_S3_ACCESS_KEY, ASKLAKE_S3_SECRET_KEY and ASKLAKE_WAREHOUSE_URL"
"""What names an S3 server, the key to it and the bucket of the tables."""
IGNORED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_WIDE_MARKS = {
    "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    "utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
}
Progress = Callable[[str, int, int], None]


def is_remote(path: str) -> bool:
    """Whether a path is a URL rather than a local path."""
    return "://" in path and not path.startswith("file://")


def expand(files: Sequence[str | Path]) -> list[str]:
    """The files meant by paths, folders (everything below them), globs and URLs, in order, each once.

    Raises:
        IngestError: a path means no file.
    """
    found: dict[str, None] = {}
    for item in map(str, files):
        matches = _remote_matches(item) if is_remote(item) else _local_matches(item.removeprefix("file://"))
        if not matches:
            raise IngestError(item, "no such file", hint="Check the path; a folder must hold at least one file.")
        found.update(dict.fromkeys(matches))
    return list(found)


def _local_matches(item: str) -> list[str]:
    if os.path.isdir(item):
        return sorted(str(p) for p in Path(item).rglob("*") if p.is_file() and not is_unfinished(p.name))
    if os.path.exists(item):
        return [item]
    return sorted(p for p in glob.glob(item, recursive=True) if os.path.isfile(p))


def _remote_matches(url: str) -> list[str]:
    fs, path = file_system(url)
    protocol = url.split("://", 1)[0]
    try:
        if fs.isfile(path):
            paths = [path]
        elif any(c in path for c in "*?["):
            paths = fs.glob(path)
        else:
            paths = [p for p in fs.find(path) if not is_unfinished(p.rsplit("/", 1)[-1])]
    except OSError as error:
        raise IngestError(url, f"cannot be listed: {error}", hint=f"Check the address, {S3_VARIABLES}.") from error
    return [f"{protocol}://{p}" for p in sorted(map(str, paths))]


def file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path within it; the settings name the S3 server and its keys."""
    return fsspec.core.url_to_fs(url, **(get_settings().s3_options if url.startswith("s3://") else {}))


def is_unfinished(name: str) -> bool:
    """Whether a file name says that the file is hidden or still being written."""
    return name.startswith((".", "_")) or name.lower().endswith(IGNORED_SUFFIXES)


class InputFile:
    """One file to be loaded: its size, its hash once read to the end, its bytes decompressed and as UTF-8."""

    def __init__(
        self, path: str, *, encoding: str = "utf-8", progress: Progress | None = None, place: str | None = None
    ) -> None:
        """Nothing is opened yet.

        Args:
            path: Path or URL, by which it is called, too.
            encoding: Encoding of its text.
            progress: Called with path, bytes read and size.
            place: Where it lies, if elsewhere than it is called.

        Raises:
            IngestError: the file does not exist or is empty.
        """
        self.path, self.place = path, place or path
        self._encoding = encoding
        self._progress = progress
        self._hash = hashlib.sha256()
        self._read = 0
        self.size = self._size()
        if self.size == 0:
            raise IngestError(path, "the file is empty (0 bytes)", hint="Was its transfer interrupted? Send it again.")

    def _size(self) -> int:
        try:
            if is_remote(self.place):
                fs, path = file_system(self.place)
                return int(fs.size(path))
            return os.path.getsize(self.place)
        except OSError as error:
            raise IngestError(self.path, f"cannot be read: {error.strerror or error}") from error

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes as stored; reads whatever was not read yet."""
        if self._read < self.size:
            for _ in self.raw_blocks():
                pass
        return self._hash.hexdigest()

    def open(self) -> IO[bytes]:
        """The file as it lies in storage.

        Raises:
            IngestError: it cannot be opened.
        """
        try:
            if is_remote(self.place):
                fs, path = file_system(self.place)
                return fs.open(path, "rb")
            return open(self.place, "rb")
        except OSError as error:
            raise IngestError(self.path, f"cannot be read: {error.strerror or error}") from error

    def raw_blocks(self) -> Iterator[bytes]:
        """Blocks of the file as it lies in storage, counted and hashed on the way, from its beginning each time."""
        self._hash, self._read = hashlib.sha256(), 0
        with self.open() as handle:
            while block := self._next(handle):
                self._hash.update(block)
                self._read += len(block)
                if self._progress:
                    self._progress(self.path, self._read, self.size)
                yield block

    def _next(self, handle: IO[bytes]) -> bytes:
        try:
            return handle.read(BLOCK)
        except OSError as error:
            raise IngestError(self.path, f"cannot be read: {error.strerror or error}") from error

    def text_blocks(self) -> Iterator[bytes]:
        """Blocks of the content as UTF-8, without a byte order mark.

        Bytes of a file declared UTF-8 are passed on unchecked, so that a bad record can be told from its neighbours.

        Raises:
            IngestError: the file is cut off, damaged, or in another encoding altogether.
        """
        blocks = self._decompressed()
        first = next(blocks, b"")
        while 0 < len(first) < 4 and (more := next(blocks, b"")):
            first += more
        yield from _to_utf8(self.path, first, blocks, self._encoding)

    def _decompressed(self) -> Iterator[bytes]:
        blocks = self.raw_blocks()
        first = next(blocks, b"")
        joined = chain([first], blocks)
        if first.startswith(_GZIP):
            yield from _gunzip(self.path, joined)
        elif first.startswith(_ZSTD):
            yield from _unzstd(self.path, joined)
        else:
            yield from joined


class _Joined(io.RawIOBase):
    """Blocks as a file to read from."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self._blocks, self._left = blocks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = memoryview(block)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._left))
        target[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _gunzip(path: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress gzip, several members after one another included; no more than a block is in memory at once."""
    try:
        with gzip.GzipFile(fileobj=io.BufferedReader(_Joined(blocks), BLOCK)) as file:
            while block := file.read(BLOCK):
                yield block
    except EOFError as error:
        raise IngestError(path, "the gzip data is cut off before its end", hint="Send the whole file again.") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise IngestError(path, f"the gzip data is damaged: {error}", hint="Send the file again.") from error


def _unzstd(path: str, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress zstd, several frames after one another included; no more than a block and a window are in memory.

    Arrow reads it, because it gives as much as is asked for, however much a few bytes stand for, and refuses frames
    that want more than 128 MiB to look back on.
    """
    file = pa.CompressedInputStream(pa.PythonFile(io.BufferedReader(_Joined(blocks), BLOCK), "r"), "zstd")
    try:
        while block := file.read(BLOCK):
            yield block
    except OSError as error:
        if "Truncated" in str(error):
            hint = "Send the whole file again."
            raise IngestError(path, "the zstd data is cut off before its end", hint=hint) from error
        if "too much memory" in str(error):
            hint = "Compress it without --long or --ultra, then load it again."
            raise IngestError(path, "the zstd data needs more than 128 MiB to be unpacked", hint=hint) from error
        raise IngestError(path, f"the zstd data is damaged: {error}", hint="Send the file again.") from error


def _to_utf8(path: str, first: bytes, blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding in ("utf-8", "utf-8-sig", "ascii"):
        if guess := _wide_encoding(first):
            raise OtherEncodingError(path, guess)
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    line, started = 1, False
    try:
        for block in chain([first], blocks):
            text = decoder.decode(block)
            line += text.count("\n")
            yield (text if started else text.removeprefix("\ufeff")).encode()
            started = started or bool(text)
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise IngestError(
            path, f"not {encoding}: {error}", hint="State the right encoding in the source.", line=line
        ) from error


def _wide_encoding(head: bytes) -> str | None:
    """The encoding of two or four bytes a character that the first bytes of a text show, with or without a mark."""
    for encoding, marks in _WIDE_MARKS.items():
        if head.startswith(marks):
            return encoding
    head = head[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # Of plain text in two bytes every other is zero; a record with a stray NUL byte is none.
    if max(even, odd) * 4 >= len(head) > 1 and min(even, odd) == 0:
        return "utf-16-be" if even else "utf-16-le"
    return None
