"""The PDF that a subscription brings by mail, and the words where there is none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from lakehouse_assets.alerts.messages import File, Message, as_document
from lakehouse_assets.alerts.model import Draft, Kept
from lakehouse_assets.alerts.sending.mail import mail
from lakehouse_assets.exporting import paged
from lakehouse_assets.service.alerts.parts import paper_of
from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller
from nlq.core.plan import Plan

NOW = datetime(2026, 1, 5, 8, 0)
COLUMNS = (
    AnswerColumn(name="ward", label="Ward", kind="dimension"),
    AnswerColumn(name="cases", label="Cases", kind="metric", format="integer", adds=True),
)
ANSWER = Answer(
    answer_id="1", question="cases by ward", outcome="answered", sentence="W1 has most.", columns=COLUMNS,
    rows=(("W1", 3), ("W2", 2)), asked_at=NOW, answered_at=NOW, elapsed_ms=1.0,
)  # fmt: skip
DRAFT = Draft(name="Every Monday", plan=Plan(metrics=("cases",)), cron="0 8 * * 1", targets=("office",))
NOTHING: dict[str, Any] = {"muted_until": None, "version": 0, "tables": {}, "day": "", "due_at": None, "says": ""}
KEPT = Kept(
    id="a", draft=DRAFT, caller=Caller(), key_id="", made_by="me", created_at=NOW, judged_at=None, standings={},
    **NOTHING,
)  # fmt: skip


def test_an_answer_goes_by_mail_as_a_pdf_and_to_webhooks_without(monkeypatch: pytest.MonkeyPatch) -> None:
    file = paper_of(KEPT, ANSWER, None, NOW)
    assert isinstance(file, File) and file.content.startswith(b"%PDF-") and file.name == "every-monday.pdf"
    message = Message(
        id="m", alert_id="a", name="n", kind="subscription", subject="s", lines=("l",), files=(file,), at=NOW
    )
    again = Message.model_validate_json(message.model_dump_json())
    (part,) = [part for part in mail(again, "a@b.org", ["c@d.org"]).iter_attachments()]
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", "every-monday.pdf")
    assert part.get_content() == file.content
    assert "files" not in as_document(message)

    def missing() -> Any:
        raise paged.ExportMissingError

    monkeypatch.setattr(paged, "_libraries", missing)
    assert "pip install 'asklake[export]'" in str(paper_of(KEPT, ANSWER, None, NOW))


def test_figures_go_without_a_pdf_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise OSError("no room")

    monkeypatch.setattr(paged, "_libraries", broken)
    assert "the log has it under a" in str(paper_of(KEPT, ANSWER, None, NOW))
