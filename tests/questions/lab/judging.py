"""Whether an answer is what foreign gold SQL gives: compared by rows, never by the look of the SQL.

The gold may select fewer columns than the answer has (the figure beside "which state has the most"), and in another
order; a percentage may be told as a part of one or of a hundred. Belongs here: the verdict on one answer. Does not
belong here: making databases (``bring``), asking (``__main__``).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

Verdict = Literal["right", "asked back", "asked back uselessly", "refused", "wrong", "failed"]
Row = Sequence[Any]
_MOST_TRIES = 5000


def is_same(found: Sequence[Row], gold: Sequence[Row], *, first: bool = False) -> bool:
    """Whether some columns of the rows found are the gold rows, in any order.

    ``first`` is true where the gold takes the first of rows that may tie: one of the rows found is enough then.
    """
    if not gold:
        return not found or all(value in (None, 0) for row in found for value in row)
    if not found:
        return False
    width, columns = len(gold[0]), len(found[0])
    if width > columns:
        return False
    wanted = sorted(map(_key, (tuple(map(_plain, row)) for row in gold)))
    plain = [tuple(map(_plain, row)) for row in found]
    for chosen in itertools.islice(itertools.permutations(range(columns), width), _MOST_TRIES):
        rows = sorted(_key(tuple(row[at] for at in chosen)) for row in plain)
        if _alike(rows, wanted) or _alike(sorted(set(rows)), sorted(set(wanted))):
            return True
        if first and len(wanted) == 1 and any(_alike([row], wanted) for row in rows):
            return True
    return False


def _alike(found: Sequence[Row], wanted: Sequence[Row]) -> bool:
    """Whether all rows are close, in this order; each column is of one scale."""
    if len(found) != len(wanted):
        return False
    return all(
        any(all(_close(a, b, scale) for a, b in zip(mine, theirs, strict=True)) for scale in (1, 100))
        for mine, theirs in zip(zip(*found, strict=True), zip(*wanted, strict=True), strict=True)
    )


def _close(found: tuple[str, Any], wanted: tuple[str, Any], scale: int) -> bool:
    (kind, a), (other, b) = found, wanted
    if other == "number" and kind == "text" and a == f"{b:.0f}-01-01":
        return True  # a year, told by its first day
    if kind == other == "number":
        return math.isclose(a * scale, b, rel_tol=1e-4, abs_tol=1e-9)
    return kind == other and a == b


def _key(row: Row) -> tuple[tuple[str, Any], ...]:
    return tuple(row)


def _plain(value: Any) -> tuple[str, Any]:
    if value is None:
        return "none", ""
    if isinstance(value, bool):
        return "number", float(value)
    if isinstance(value, int | float | Decimal):
        return "number", float(f"{float(value):.9g}")
    if isinstance(value, datetime):
        return "text", value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return "text", value.isoformat()
    text = str(value).strip()
    try:
        return "number", float(text)
    except ValueError:
        return "text", text
