"""What the commands print: tables and sentences for people, one JSON document for programs.

Belongs here: everything that knows rich or JSON. Does not belong here: what is printed.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lakehouse_assets.shown import json_line, shown, shown_in_line

SHOWN_ROWS = 40
WIDTH = 160
"""Columns where no terminal says how many there are."""


Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document and nothing else."),
]


class Out:
    """Where a command's results go; one per invocation."""

    def __init__(self, as_json: bool) -> None:
        """Choose between people and programs."""
        self.as_json = as_json
        width = None if sys.stdout.isatty() else WIDTH
        self.console: Console = Console(file=sys.stdout, quiet=as_json, highlight=False, width=width)

    @property
    def live(self) -> bool:
        """Whether someone watches a terminal."""
        return self.console.is_terminal and not self.as_json

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people."""
        self.console.print(shown(text), style=style or None, markup=False, soft_wrap=True)

    def heading(self, text: str) -> None:
        """The title of a part of the output."""
        self.console.print()
        self.console.print(shown(text), style="bold", markup=False)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        limit: int = SHOWN_ROWS,
        right: Collection[int] = (),
    ) -> None:
        """Rows for people: numbers, and the columns at the positions `right`, to the right; at most `limit` rows."""
        if self.as_json:
            return

        kept = list(rows)
        table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
        for index, name in enumerate(columns):
            numeric = index in right or (
                bool(kept) and all(isinstance(r[index], int | float | Decimal | None) for r in kept)
            )
            table.add_column(Text(shown_in_line(name)), justify="right" if numeric else "left", overflow="fold")
        for row in kept[:limit]:
            table.add_row(*(Text(shown_in_line(cell(value))) for value in row))
        self.console.print(table)
        if len(kept) > limit:
            self.say(f"… and {len(kept) - limit} more rows; --json prints all of them", style="dim")

    def emit(self, document: Any) -> None:
        """The whole result for programs; people have seen it already."""
        if self.as_json:
            typer.echo(json_line(document, default=plain))

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Keep stdout clean of what libraries print while the block runs."""
        with redirect_stdout(sys.stderr):
            yield


def cell(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 1e15 else f"{value:.3e}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def plain(value: Any) -> Any:
    """A value JSON has no form for: an exact decimal stays exact, as text where a number would lose digits."""
    if isinstance(value, Decimal):
        number = float(value)
        return number if Decimal(repr(number)) == value else str(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def ago(seconds: float) -> str:
    """A span of time, in the unit people would use."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def seconds(value: float) -> str:
    """A duration a person waits for."""
    return f"{value:.1f} s"
