"""Values of dimensions kept on disk, so that a new process need not read the tables that did not change since.

A file for each table holds those of its newest state that was asked for. All of it may be deleted.

Belongs here: keeping and finding them. Does not belong here: reading values from tables (``values``).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semantic.disk_cache.templates import write_whole

_NATIVE = (str, bool, int, float)
"""What JSON gives back as it was."""


@dataclass(frozen=True)
class CountedValues:
    """The values of a dimension with their number of rows; ``complete`` is false when there are more."""

    items: tuple[tuple[Any, int], ...]
    complete: bool


class KeptValues:
    """The values that tables have, by table and state, in a folder beside the tables."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Nothing is read or made yet.

        Args:
            folder: Where those who may read the tables can read, and no others.
            limit: How many values of a dimension are read; with another limit, others are kept.
        """
        self._folder, self._limit = folder, limit

    def get(self, table: str, state: int | str) -> dict[str, CountedValues]:
        """The values of a table at a state, by the expression of their dimension; those that were kept."""
        try:
            kept = json.loads(self._path(table).read_text(encoding="utf-8"))
            if kept["state"] != [state, self._limit]:
                return {}
            return {
                expression: CountedValues(tuple((value, count) for value, count in items), complete)
                for expression, (items, complete) in kept["values"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # absent, or not ours: read anew

    def keep(self, table: str, state: int | str, values: Mapping[str, CountedValues]) -> None:
        """Keep values beside those of the same state; a read-only folder is no error."""
        plain = {e: v for e, v in values.items() if all(isinstance(value, _NATIVE) for value, _ in v.items)}
        together = {e: (v.items, v.complete) for e, v in {**self.get(table, state), **plain}.items()}
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(table), {"state": [state, self._limit], "values": together})

    def _path(self, table: str) -> Path:
        return self._folder / f"{table}.json"
