"""Bodies that no page sends: each is refused in words, by what is wrong with it, and none is a defect of ours."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse_assets.dashboards.model import Dashboard, Page, Place, Tile
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.dashboards.boards import _fitting, _with
from lakehouse_assets.service.dashboards.changes import BoardWanted, NewBoard, Pin
from lakehouse_assets.service.sharing.documents import NewLink
from tests.nlq.vocabularies import clinic

VOCABULARY = clinic()
EMPTY = Dashboard(title="d", pages=(Page(id="page", title="p"),))
HALF = "\ud800"


@pytest.mark.parametrize(
    "plan",
    [
        {"metrics": 5}, {"metrics": "visits"}, {"metrics": {"a": 1}}, {"metrics": ["visits"], "filters": None},
        {"metrics": ["visits"], "filters": 5}, {"metrics": ["visits"], "filters": "ward"},
    ],
)  # fmt: skip
def test_a_plan_that_is_none_is_told_so(plan: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        _with(EMPTY, Pin(plan=plan, title="t"), VOCABULARY)
    assert refused.value.status == 422
    tile = {"id": "a", "title": "t", "plan": plan, "chart": {"kind": "table"}, "at": Place(x=0, y=0, w=3, h=2)}
    board = EMPTY.model_copy(update={"pages": (Page(id="page", title="p", tiles=(Tile.model_validate(tile),)),)})
    with pytest.raises(ApiError) as refused:
        _fitting(board, VOCABULARY, None)
    assert refused.value.code == "invalid_board"


def test_texts_that_no_database_keeps_are_refused() -> None:
    tile = {"id": "a", "title": "t", "chart": {"kind": "table"}, "at": {"x": 0, "y": 0, "w": 3, "h": 2}}
    for body, fields in (
        (Tile, {**tile, "plan": {"metrics": ["visits"], "filters": [{"dimension": HALF}]}}),
        (NewBoard, {"title": "t", "copy_of": HALF}),
        (BoardWanted, {"version": 1, "definition": EMPTY.model_dump(), "what": HALF}),
        (BoardWanted, {"version": 1, "definition": EMPTY.model_dump(), "what": "\0"}),
        (NewLink, {"dashboard": HALF}),
        (NewLink, {"answer": "\0"}),
    ):
        with pytest.raises(ValidationError, match=r"surrogate|NUL|unicode"):
            body.model_validate(fields)
