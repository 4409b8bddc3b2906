"""A dashboard that is sent says what it is narrowed to, what is not whole, and what is not there; so does its file."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from lakehouse_assets.service.alerts import parts
from lakehouse_assets.service.alerts.parts import tables_of
from lakehouse_assets.service.dashboards.documents import FilterDocument, TilesWanted
from lakehouse_assets.service.dashboards.exporting import report_of_dashboard
from lakehouse_assets.service.dashboards.handlers import narrowed
from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.core.plan import DimensionFilter, Operator

NOW = datetime(2026, 1, 5, 12, 0)
WARD = FilterDocument(dimension="ward_id", label="Ward", default=("W1", "W2"), choices=(), all_choices=False)
BOARD: Any = SimpleNamespace(
    id="b", title="Board", description="", filters=(WARD,), pages=(SimpleNamespace(id="p"), SimpleNamespace(id="q"))
)


def answer(**more: Any) -> Answer:
    fields = {"answer_id": "1", "question": "q", "outcome": "answered", "sentence": "It is 1.", "rows": ((1,),)}
    now = datetime.now(UTC).replace(tzinfo=None)
    column = AnswerColumn(name="n", label="N", kind="metric")
    return Answer(**{**fields, **more}, columns=(column,), asked_at=now, answered_at=now, elapsed_ms=1.0)


class Dashboards:
    """Pages of a plain figure, one with more rows, and one that cannot be answered."""

    answers: dict[str, Answer] = {
        "plain": answer(), "cut": answer(truncated=True), "ill": answer(outcome="refused", sentence="No such figure."),
    }  # fmt: skip

    def show(self, *_: Any) -> Any:
        return BOARD

    def __init__(self) -> None:
        self.at: list[Any] = []

    def look(self, _asker: Any, _id: str, _wanted: Any, heads: Any = None) -> Any:
        self.at.append(heads)
        tiles = [SimpleNamespace(id=name, title=name.title()) for name in self.answers]
        return SimpleNamespace(tiles=tiles, heads=heads or {"gold.a": "1"})

    def compute(self, _asker: Any, _seen: Any, tile: Any) -> Any:
        return SimpleNamespace(answer=self.answers[tile.id])


def test_what_is_left_out_of_a_dashboard_that_is_sent_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr(parts, "MOST_TABLES", 3)
    draft = SimpleNamespace(dashboard="b")
    alert: Any = SimpleNamespace(draft=draft, caller=Caller(), made_by="me", key_id="")
    dashboards: Any = Dashboards()
    title, tables, beside = tables_of(dashboards, alert, NOW)
    assert dashboards.at == [None, {"gold.a": "1"}], "all pages are of one state of the lake"
    assert (title, [one.title for one in tables]) == ("Board", ["Plain", "Cut", "Plain"])
    assert beside == [
        "Only Ward: W1, W2.", "Cut: There are more rows than these 1.", "Ill: No such figure.",
        "2 more figures are on its page.",
    ]  # fmt: skip


def test_a_filter_is_told_with_what_it_does_and_a_default_as_well() -> None:
    without = DimensionFilter(dimension="ward_id", operator=Operator.NOT_IN, values=("W3",))
    assert narrowed(BOARD, (without,)) == ("Ward: not in W3",)
    assert narrowed(BOARD, ()) == ()
    bare = SimpleNamespace(**{**vars(BOARD), "pages": ()})
    handlers: Any = SimpleNamespace(show=lambda *_: bare)
    asker: Any = None
    assert report_of_dashboard(handlers, asker, "b", TilesWanted()).facts == ("Ward: W1, W2",)
    assert report_of_dashboard(handlers, asker, "b", TilesWanted(filters=(without,))).facts == ("Ward: not in W3",)
