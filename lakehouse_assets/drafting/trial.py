"""Made-up rows on which a drafted silver model is tried: what bronze has, and what silver must make of it.

Belongs here: the rows of the unit test. Does not belong here: rows of the sample files; a repository keeps none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse_assets.drafting.design import Column, Feed

_VALUES: Mapping[str, tuple[Any, Any]] = {
    "VARCHAR": ("earlier", "later"),
    "BIGINT": (1, 2),
    "DOUBLE": (0.5, 1.5),
    "DECIMAL(18,4)": (1.25, 2.5),
    "BOOLEAN": (False, True),
    "DATE": ("2026-01-01", "2026-01-02"),
    "TIMESTAMP": ("2026-01-01 09:30:00", "2026-01-02 09:30:00"),
}
"""An earlier and a later value of each type."""
_DAY, _MORNING, _NOON = "2026-01-01", "2026-01-01 09:00:00", "2026-01-01 12:00:00"


@dataclass(frozen=True)
class Trial:
    """Rows of bronze, and the rows of silver that must come of them."""

    given: Sequence[Mapping[str, Any]]
    expected: Sequence[Mapping[str, Any]]


def trial_of(feed: Feed) -> Trial:
    """A record corrected by a later load, one corrected within its file, one whose correction has no values.

    A column of each type that the feed has stands for all of that type.
    """
    columns = list({c.type: c for c in reversed(feed.values) if c.nullable}.values())
    early, late, empty = ({c.name: value for c, value in zip(columns, row, strict=True)} for row in _rows(columns))
    given = [
        _copy(feed, "a", "l1", 1, _MORNING, early),
        _copy(feed, "a", "l2", 1, _NOON, late),
        _copy(feed, "b", "l1", 2, _MORNING, late),
        _copy(feed, "b", "l1", 3, _MORNING, early),
        _copy(feed, "c", "l2", 2, _NOON, empty),
        _copy(feed, "c", "l1", 4, _MORNING, late),
    ]
    kept = (given[1], given[3], given[4])
    return Trial(given, [{name: v for name, v in row.items() if name != "source_row"} for row in kept])


def _rows(columns: Sequence[Column]) -> tuple[list[Any], list[Any], list[Any]]:
    return [_VALUES[c.type][0] for c in columns], [_VALUES[c.type][1] for c in columns], [None for _ in columns]


def _copy(feed: Feed, key: str, load: str, number: int, loaded_at: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        feed.day.name: _DAY, **values,
        "record_key": key, "load_id": load, "source_row": number, "loaded_at": loaded_at,
    }  # fmt: skip
