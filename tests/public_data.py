"""Public data sets, which are not ours to ship: where they lie beside the checkout, tests take their rows, too.

Every test that would has rows of the same shape that it makes, so that a fresh clone tries the same code.
"""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def rows_to_try(name: str) -> list[str]:
    """Parameters of a fixture: rows that the test makes, and the real ones of a data set where it is."""
    return ["look-alike", "real"] if (DATA / name).exists() else ["look-alike"]
