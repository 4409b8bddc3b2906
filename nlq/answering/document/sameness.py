"""Whether two answers have the same rows.

Belongs here: what counts as the same. An engine adds floating-point numbers in the order in which its threads come, so
that a sum or an average read twice from one snapshot may differ in its last digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Rows = Sequence[Sequence[Any]]
RELATIVE = 1e-9
"""How far two numbers may be apart, relative to the larger: far more than the order of a sum can do."""


def same_rows(one: Rows, other: Rows) -> bool:
    """Whether two results have the same rows in the same order, floating-point numbers up to `RELATIVE`."""
    return len(one) == len(other) and all(map(_same_row, one, other))


def _same_row(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(_same_value, one, other))


def _same_value(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE) or (math.isnan(one) and math.isnan(other))
    return one == other
