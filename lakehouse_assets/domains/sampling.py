"""What the sample generators of all domains share: time windows, quotas, defects, and writing of lines.

Here belongs only what is the same for every domain. What a domain's rows look like, how busy its days are
and what may be wrong with its files belongs to ``domains/<domain>/sample.py``.
"""

from __future__ import annotations

import gzip
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import polars as pl
import zstandard

Compression = Literal["gzip", "zstd", "none"]
SUFFIX: dict[str, str] = {"gzip": ".gz", "zstd": ".zst", "none": ""}

TENANTS = ("pb.amritsar", "pb.jalandhar", "pb.ludhiana")
FIRST_DAY = date(2025, 1, 1)
LAST_DAY = date(2026, 6, 30)
#: A window's rows are made in memory at once; at most about this many, however large the sample.
ROWS_PER_FILE = 200_000

#: A late row is sent up to so many days after it happened, and a copy after what it is a copy of.
LATE_DAYS, COPIED_DAYS = 60, 30

CLEAN, EXACT_COPY, CORRECTED_COPY, FIRST_BROKEN_KIND = 0, 1, 2, 3


@dataclass(frozen=True)
class Defects:
    """Shares (0 to 1) of the clean rows that are sent late, are sent twice, or get a broken row beside them."""

    late: float = 0.015
    duplicate: float = 0.01
    broken: float = 0.003


@dataclass(frozen=True)
class SampleSummary:
    """What a generator wrote, as the truth to reconcile against.

    ``clean`` is the number of distinct valid rows, late ones among them: what silver must hold in the end.
    ``late`` is how many of these come in a later file than that of their time.
    ``rows`` is the number of records in the files: clean + duplicates + broken.
    """

    files: dict[str, tuple[Path, ...]]
    clean: int
    late: int
    exact_duplicates: int
    corrected_duplicates: int
    broken_by_kind: dict[str, int] = field(default_factory=dict)

    @property
    def duplicates(self) -> int:
        """Rows whose deduplication key occurs before: exact copies and corrections."""
        return self.exact_duplicates + self.corrected_duplicates

    @property
    def broken(self) -> int:
        """Rows that must end in quarantine."""
        return sum(self.broken_by_kind.values())

    @property
    def rows(self) -> int:
        """Records in all files together."""
        return self.clean + self.duplicates + self.broken


def together(summaries: Iterable[SampleSummary]) -> SampleSummary:
    """The summary of a sample of several sources: all files, and the counts added up."""
    files: dict[str, tuple[Path, ...]] = {}
    kinds: Counter[str] = Counter()
    counts = np.zeros(4, dtype=np.int64)
    for one in summaries:
        files |= one.files
        kinds.update(one.broken_by_kind)
        counts += (one.clean, one.late, one.exact_duplicates, one.corrected_duplicates)
    return SampleSummary(files, *counts.tolist(), broken_by_kind=dict(kinds))


class Tally:
    """Counts of a sample while its files are written."""

    def __init__(self, broken_kinds: tuple[str, ...]) -> None:
        self._broken_kinds = broken_kinds
        self._kinds: Counter[int] = Counter()
        self._late = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Count the rows of one file (columns ``kind`` and ``late``)."""
        for kind, count in rows.group_by("kind").len().iter_rows():
            self._kinds[kind] += count
        self._late += rows.filter(pl.col("late") & (pl.col("kind") == CLEAN)).height

    def summary(self, files: dict[str, tuple[Path, ...]]) -> SampleSummary:
        """The counts as a :class:`SampleSummary`."""
        return SampleSummary(
            files=files,
            clean=self._kinds[CLEAN],
            late=self._late,
            exact_duplicates=self._kinds[EXACT_COPY],
            corrected_duplicates=self._kinds[CORRECTED_COPY],
            broken_by_kind={name: self._kinds[FIRST_BROKEN_KIND + i] for i, name in enumerate(self._broken_kinds)},
        )


def windows(first: date, last: date, rows: int, files: int | None = None) -> list[tuple[date, date]]:
    """Cut the days ``first..last`` (inclusive) into consecutive windows, one per file.

    Without ``files`` there is about one window per 30 days, more where ``rows`` would make them too large;
    never more than one per day.
    """
    days = (last - first).days + 1
    if days < 1:
        raise ValueError(f"the sample's last day {last} lies before its first day {first}")
    count = files or max(round(days / 30.4), -(-rows // ROWS_PER_FILE))
    edges = np.linspace(0, days, min(max(count, 1), days) + 1).round().astype(int)
    return [(first + timedelta(days=int(a)), first + timedelta(days=int(b) - 1)) for a, b in itertools.pairwise(edges)]


def quotas(total: int, weights: np.ndarray) -> np.ndarray:
    """Share ``total`` by ``weights`` into whole numbers that add up to ``total`` exactly."""
    edges = np.concatenate([[0.0], np.cumsum(weights) / np.sum(weights)])
    return np.diff(np.round(edges * total).astype(np.int64))


@dataclass(frozen=True)
class Flow:
    """How made rows become files: each window's rows on time, late, twice, or spoiled.

    Rows are frames with a column ``seconds`` (since the first day); the flow adds ``kind``, ``file_no`` and
    ``late``. Memory holds one window and what is carried over from it.
    """

    first_day: date
    spans: list[tuple[date, date]]
    defects: Defects
    broken_kinds: int
    rng: np.random.Generator

    def files(
        self,
        quotas_: Sequence[int] | np.ndarray,
        make: Callable[[int, int], pl.DataFrame],
        renumber: Callable[[pl.DataFrame], pl.DataFrame],
    ) -> Iterator[pl.DataFrame]:
        """Rows of each file in turn, ordered by time; so many of each window as its quota says.

        ``make(window, count)`` makes rows that begin in a window; those past its end are carried over.
        ``renumber`` gives rows about to be spoiled identifiers of their own, so that repairing one never
        collides with a clean row.
        """
        made = (self._exactly(number, int(quota), make) for number, quota in enumerate(quotas_))
        return self.arriving(made, renumber)

    def arriving(
        self, made: Iterable[pl.DataFrame], renumber: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """Rows of each file in turn, ordered by time, from the rows that begin in each window; see ``files``."""
        carried: pl.DataFrame | None = None
        for number, begun in enumerate(made):
            fresh = self._dispatched(begun, number)
            rows = pl.concat([fresh, self._copies(fresh), renumber(self._broken(fresh))])
            pool = rows if carried is None else pl.concat([carried, rows])
            carried = pool.filter(pl.col("file_no") > number)
            # A stable order keeps a correction behind what it corrects.
            yield pool.filter(pl.col("file_no") == number).sort("seconds", maintain_order=True)

    @property
    def _last(self) -> int:
        return len(self.spans) - 1

    @staticmethod
    def _exactly(number: int, quota: int, make: Callable[[int, int], pl.DataFrame]) -> pl.DataFrame:
        parts = [make(number, max(quota, 1)).head(quota)]
        while (missing := quota - sum(part.height for part in parts)) > 0:
            parts.append(make(number, missing).head(missing))
        return pl.concat(parts)

    def _dispatched(self, rows: pl.DataFrame, number: int) -> pl.DataFrame:
        """Say in which file each row arrives: its own window's, or that of the moment at which it is sent late."""
        # What began a little before its window belongs to it all the same: earlier files are written.
        on_time = self._file_at(rows["seconds"].to_numpy()).clip(min=number)
        is_late = self.rng.random(rows.height) < self.defects.late
        sent = rows["seconds"].to_numpy() + is_late * self._delays(rows.height, LATE_DAYS)
        file_no = np.maximum(on_time, self._file_at(sent))
        return rows.with_columns(
            kind=pl.lit(CLEAN, dtype=pl.Int8),
            file_no=pl.Series(file_no, dtype=pl.Int32),
            late=pl.Series(file_no > on_time),
        )

    def _copies(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows sent twice, half of them exact and half corrected, each not before what it is a copy of."""
        picked = rows.filter(pl.Series(self.rng.random(rows.height) < self.defects.duplicate))
        corrected = self.rng.random(picked.height) < 0.5
        sent = self._file_at(picked["seconds"].to_numpy() + self._delays(picked.height, COPIED_DAYS))
        return picked.with_columns(
            kind=pl.Series(np.where(corrected, CORRECTED_COPY, EXACT_COPY), dtype=pl.Int8),
            file_no=pl.max_horizontal("file_no", pl.Series(sent, dtype=pl.Int32)),
        )

    def _file_at(self, seconds: np.ndarray) -> np.ndarray:
        """The file that is being written at a moment; the last one goes on for ever."""
        ends = np.array([((end - self.first_day).days + 1) * 86_400 for _, end in self.spans])
        return np.minimum(np.searchsorted(ends, seconds, side="right"), self._last)

    def _delays(self, count: int, days: int) -> np.ndarray:
        return self.rng.integers(1, days * 86_400, count)

    def _broken(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows to be spoiled when written, each in one of the domain's ways."""
        picked = rows.filter(pl.Series(self.rng.random(rows.height) < self.defects.broken))
        kind = FIRST_BROKEN_KIND + self.rng.integers(0, self.broken_kinds, picked.height)
        return picked.with_columns(kind=pl.Series(kind, dtype=pl.Int8), late=pl.lit(False))


def uniform(ids: np.ndarray, salt: int) -> np.ndarray:
    """A number from 0 to 1 for each id, always the same for the same id and salt (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = ids.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / float(1 << 53)


def label(column: str, labels: Sequence[str]) -> pl.Expr:
    """The label that the code in a column stands for."""
    return pl.col(column).replace_strict(range(len(labels)), list(labels), return_dtype=pl.String)


def digits(number: pl.Expr, width: int) -> pl.Expr:
    """A number as text with leading zeros."""
    return number.cast(pl.String).str.zfill(width)


def moving_mix(at: np.ndarray, first: np.ndarray, last: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a code per row from a mix that moves from ``first`` (at 0) to ``last`` (at 1)."""
    mix = np.cumsum((1 - at[:, None]) * first + at[:, None] * last, axis=1)
    return np.minimum((rng.random(len(at))[:, None] > mix).sum(axis=1), len(first) - 1)


def write_lines(path: Path, lines: pl.Series, compression: Compression, header: str | None = None) -> None:
    """Write one text line per element; the same input gives the same bytes."""
    with _open(path, compression) as out:
        if header is not None:
            out.write(header.encode() + b"\n")
        lines.to_frame("line").write_csv(out, include_header=False, quote_style="never", separator="\x01")


@contextmanager
def _open(path: Path, compression: Compression) -> Iterator[IO[bytes] | Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as raw:
        if compression == "gzip":
            # No name and no time in the header: the same sample is the same bytes.
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0) as out:
                yield out
        elif compression == "zstd":
            with zstandard.ZstdCompressor(level=3).stream_writer(raw) as out:
                yield out
        else:
            yield raw
