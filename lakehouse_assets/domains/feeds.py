"""What samples of several sources share: the files of each source, and records spoiled in the usual ways.

Here belongs how rows of a sample's world become the lines of JSON and CSV files. Which sources there are, what their
records hold and what is true in their world belongs to ``domains/<domain>``; time windows and defects to ``sampling``.

Times are seconds since the first day of the sample, money is in hundredths; -1 stands for what there is none of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary

BEYOND = 10_000_000_000
"""Numbers of things are below this; those of spoiled rows above."""
BROKEN_JSON = ("malformed_json", "bad_date", "missing_tenant", "missing_key")
BROKEN_CSV = ("ragged_row", "bad_date", "bad_number", "missing_tenant", "missing_key")
Fields = dict[str, pl.Expr]


class World(Protocol):
    """What is true in a sample, window by window."""

    @property
    def seed(self) -> int:
        """What everything follows from."""
        ...

    @property
    def first_day(self) -> date:
        """Day from which seconds count."""
        ...

    @property
    def spans(self) -> list[tuple[date, date]]:
        """First and last day of each window."""
        ...


@dataclass(frozen=True)
class Context:
    """What every line needs to know."""

    first_day: date
    tenants: tuple[str, ...]

    def moment(self, seconds: str) -> pl.Expr:
        """The moment so many seconds after the beginning of the first day."""
        return pl.lit(self.first_day).cast(pl.Datetime("ms")) + pl.duration(seconds=pl.col(seconds))

    def day(self, seconds: str) -> pl.Expr:
        """The day of that moment, as text."""
        return self.moment(seconds).dt.strftime("%Y-%m-%d")

    @property
    def tenant(self) -> pl.Expr:
        """The name of the tenant."""
        return sampling.label("tenant", self.tenants)


@dataclass(frozen=True)
class Feed:
    """The files of one source.

    ``records`` gives the rows that begin in a window, ``line`` their text from the context and a condition for each
    way a record is spoiled; ``number`` is the column that spoiled rows get a number of their own in.
    """

    source: str
    form: Literal["ndjson", "csv"]
    records: Callable[[int], pl.DataFrame]
    line: Callable[[Context, Fields], pl.Expr]
    number: str
    header: str | None = None

    @property
    def broken_kinds(self) -> tuple[str, ...]:
        """Ways a record is spoiled, in the order of their ``kind`` numbers."""
        return BROKEN_JSON if self.form == "ndjson" else BROKEN_CSV

    def written(
        self, salt: int, made: World, folder: Path, context: Context, compression: Compression, defects: Defects
    ) -> Iterator[SampleSummary]:
        """Write a file per window that has records; give what was written so far after each window."""
        rng = np.random.default_rng([made.seed, salt])
        flow = sampling.Flow(made.first_day, made.spans, defects, len(self.broken_kinds), rng)
        tally = sampling.Tally(self.broken_kinds)
        paths: list[Path] = []
        begun = (self.records(window) for window in range(len(made.spans)))
        for rows in flow.arriving(begun, self._renumbered):
            if not rows.is_empty():
                paths.append(self._write(folder, len(paths) + 1, rows, context, compression))
                tally.add(rows)
            yield tally.summary({self.source: tuple(paths)})

    def _write(self, folder: Path, number: int, rows: pl.DataFrame, context: Context, compression: Compression) -> Path:
        path = folder / self.source / f"{self.source}_{number:04d}.{self.form}{sampling.SUFFIX[compression]}"
        kinds = {name: pl.col("kind") == sampling.FIRST_BROKEN_KIND + i for i, name in enumerate(self.broken_kinds)}
        text = rows.select(line=self.line(context, kinds)).to_series()
        sampling.write_lines(path, text, compression, header=self.header)
        return path

    def _renumbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with numbers that no sound row has: beyond all of them, told apart by time and place."""
        beyond = BEYOND + pl.col(self.number) * 100 + pl.int_range(pl.len()) % 100
        return rows.with_columns(beyond.cast(rows.schema[self.number]).alias(self.number))


def write_feeds(
    feeds: Sequence[Feed], made: World, folder: Path, context: Context, compression: Compression, defects: Defects
) -> SampleSummary:
    """Write the files of all sources, window by window, so that what is true of a window is worked out once."""
    writers = [feed.written(i, made, folder, context, compression, defects) for i, feed in enumerate(feeds)]
    summaries: list[SampleSummary] = []
    for _ in made.spans:
        summaries = [next(writer) for writer in writers]
    return sampling.together(summaries)


def corrected() -> pl.Expr:
    """Whether the row is sent again with something put right."""
    return pl.col("kind") == sampling.CORRECTED_COPY


def json_line(fields: Fields, kinds: Mapping[str, pl.Expr], key: str, time: str) -> pl.Expr:
    """A JSON object, spoiled where its kind says so."""
    spoiled = {
        **fields,
        time: pl.when(kinds["bad_date"]).then(pl.lit("2025-13-41T25:61:00Z")).otherwise(fields[time]),
        "tenant_id": pl.when(~kinds["missing_tenant"]).then(fields["tenant_id"]),
        key: pl.when(~kinds["missing_key"]).then(fields[key]),
    }
    record = pl.struct(**spoiled).struct.json_encode()
    return pl.when(kinds["malformed_json"]).then(record.str.slice(0, 60)).otherwise(record)


def csv_line(fields: Fields, kinds: Mapping[str, pl.Expr], key: str, time: str, number: str) -> pl.Expr:
    """A CSV line, spoiled where its kind says so."""
    spoiled = {
        **fields,
        time: pl.when(kinds["bad_date"]).then(pl.lit("31/02/2026 99:00")).otherwise(fields[time]),
        number: pl.when(kinds["bad_number"]).then(pl.lit("a few")).otherwise(fields[number]),
        "tenant_id": pl.when(~kinds["missing_tenant"]).then(fields["tenant_id"]),
        key: pl.when(~kinds["missing_key"]).then(fields[key]),
    }
    line = pl.concat_str([expr.fill_null("") for expr in spoiled.values()], separator=",")
    return pl.when(kinds["ragged_row"]).then(pl.format("{},surplus,fields", line)).otherwise(line)


def money(cents: str) -> pl.Expr:
    """Hundredths as a number with two decimals."""
    return pl.format("{}.{}", pl.col(cents) // 100, sampling.digits(pl.col(cents) % 100, 2))
