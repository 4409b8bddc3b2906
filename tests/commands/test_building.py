"""What `asklake materialize` says where there is nothing to build."""

from __future__ import annotations

from datetime import date

import pytest

from lakehouse_assets.commands.building import _nothing

DAY = date(2001, 1, 1)


@pytest.mark.parametrize(
    ("first", "untold", "said"),
    [
        (None, [], "every day of bronze is in silver and gold"),
        (None, ["sales: …"], "every day of bronze that has tables is in silver and gold"),
        (DAY, [], "none of the days 2001-01-01 to 2001-01-01 is one for which there are tables"),
    ],
)
def test_nothing_to_build(first: date | None, untold: list[str], said: str) -> None:
    assert _nothing(first, first, untold) == f"Nothing to build: {said}."
