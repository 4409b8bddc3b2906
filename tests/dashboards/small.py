"""A small vocabulary and small dashboards for these tests."""

from __future__ import annotations

from typing import Any

from lakehouse_assets.dashboards.model import Dashboard
from nlq.core.vocabulary import Dimension, Metric, Rows, Values, Vocabulary

WARD, CHANNEL, WEEKS = "case__ward", "case__channel", "case_day__ward_of_day"
VOCABULARY = Vocabulary.of(
    [
        Metric(
            "cases",
            "Cases",
            direction="down",
            additive=True,
            dimensions=frozenset({WARD, CHANNEL}),
            rows=Rows((WARD, CHANNEL)),
        ),
        Metric("open_cases", "Open cases", domain="civic", additive=True, dimensions=frozenset({WARD, CHANNEL})),
        Metric("late_rate", "Late", type="ratio", domain="civic", dimensions=frozenset({WARD, CHANNEL})),
        Metric("backlog", "Backlog", min_grain="month", dimensions=frozenset({WEEKS})),
    ],
    [
        Dimension(WARD, "Ward", values=Values(("W1", "W2"))),
        Dimension(CHANNEL, "Channel", values=Values(("WEB", "PHONE"))),
        Dimension(WEEKS, "Ward of the day"),
    ],
)


def tile(tile_id: str = "one", x: int = 0, y: int = 0, **fields: Any) -> dict[str, Any]:
    """A tile as a file would have it: a number, unless the fields say otherwise."""
    declared = {"plan": {"metrics": ["cases"]}, "chart": {"kind": "number"}, "title": "Cases", **fields}
    return {"id": tile_id, "at": {"x": x, "y": y, "w": 3, "h": 2}, **declared}


def dashboard(*tiles: dict[str, Any], **fields: Any) -> Dashboard:
    """A dashboard of one page."""
    page = {"id": "page", "title": "Page", "tiles": list(tiles)}
    return Dashboard.model_validate({"title": "Cases", "domain": "civic", "pages": [page], **fields})
