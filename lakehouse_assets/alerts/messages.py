"""What is sent: a subject, lines, perhaps a table; as text, HTML, CSV, and documents for Slack and webhooks.

Belongs here: wording and rendering. Does not belong here: who it goes to (``targets``), sending it (``sending``).

Nothing of a figure or a name becomes markup: HTML is escaped, Slack's own signs are, and no cell of a CSV is a formula.
"""

from __future__ import annotations

import csv
import html
import io
import re
import uuid
from collections.abc import Sequence
from typing import Any

from pydantic import Base64Bytes, BaseModel, ConfigDict

from lakehouse_assets.exporting.tables import write_csv
from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.drawing import written
from nlq.answering.document.model import Answer
from nlq.core.utc import Moment
from nlq.watching.states import State, Turn

MOST_LINES = 50
"""Lines of a message; the others are counted."""
MOST_TABLES = 12
"""Tables of a message."""
MOST_FILES = 4
"""Files of a message."""
_ROWS_IN_SLACK = 20
_SLACK_TEXT = 2_900
_CALLED = re.compile(r"(?<!\w)@(?=\w)")
"""What Mattermost takes for the name of somebody, or of all, who is then called."""
_VERBS = {State.FIRING: "", State.OK: "Well again", State.UNKNOWN: "Cannot be judged"}


class Table(BaseModel):
    """Rows to be sent, each value as it is."""

    model_config = ConfigDict(frozen=True)

    title: str
    columns: tuple[AnswerColumn, ...]
    rows: tuple[tuple[Any, ...], ...]


class File(BaseModel):
    """A file beside a message, which mail alone carries."""

    model_config = ConfigDict(frozen=True)

    name: str
    media_type: str
    content: Base64Bytes


class Message(BaseModel):
    """What is sent to one target. ``id`` stays the same however often it is sent."""

    model_config = ConfigDict(frozen=True)

    id: str
    alert_id: str
    name: str
    kind: str
    state: State | None = None
    subject: str
    lines: tuple[str, ...]
    link: str = ""
    tables: tuple[Table, ...] = ()
    files: tuple[File, ...] = ()
    at: Moment
    count: int = 1
    """How many messages it stands for."""

    @property
    def text(self) -> str:
        """It as plain text, without the tables."""
        shown = list(self.lines[:MOST_LINES])
        if len(self.lines) > MOST_LINES:
            shown.append(f"… and {len(self.lines) - MOST_LINES} more.")
        return "\n".join([*shown, *(["", self.link] if self.link else [])])


def message_id(alert_id: str, version: int, target: str) -> str:
    """The id of a message, the same however often a judgement is repeated."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"asklake:alert:{alert_id}:{version}:{target}"))


def subject_of(name: str, turns: Sequence[Turn]) -> str:
    """The subject of what is told at once: the worst first."""
    worst = next(state for state in (State.FIRING, State.UNKNOWN, State.OK) if any(t.state is state for t in turns))
    verb = _VERBS[worst]
    return f"{verb}: {name}" if verb else name


def lines_of(turns: Sequence[Turn]) -> tuple[str, ...]:
    """What is told, a line each: what fires first, then what cannot be judged, then what is well again."""
    order = (State.FIRING, State.UNKNOWN, State.OK)
    return tuple(_line(turn) for turn in sorted(turns, key=lambda turn: order.index(turn.state)))


def _line(turn: Turn) -> str:
    verb = _VERBS[turn.state]
    if turn.state is State.OK and turn.before is State.UNKNOWN:
        verb = "Can be judged again"
    return f"{verb}. {turn.says}" if verb else turn.says


def table_of(answer: Answer, title: str) -> Table:
    """The rows of an answer."""
    return Table(title=title, columns=answer.columns, rows=answer.rows)


def as_csv(table: Table) -> str:
    """A table as CSV (RFC 4180), for programs that show sheets: a text that would be a formula is not one."""
    written = io.StringIO()
    write_csv(csv.writer(written), table.columns, table.rows)
    return written.getvalue()


def as_html(message: Message) -> str:
    """A message as HTML for mail: paragraphs and tables, styled where they stand."""
    lines = "".join(f"<p>{html.escape(line)}</p>" for line in message.text.split("\n") if line)
    body = f"{lines}{''.join(map(_html_table, message.tables))}"
    return f'<html><body style="font-family:sans-serif;font-size:15px">{body}</body></html>'


def _html_table(table: Table) -> str:
    style = "padding:4px 10px;border-bottom:1px solid #ddd;text-align:"
    sides = ["right" if column.kind == "metric" else "left" for column in table.columns]
    heads = zip(sides, table.columns, strict=True)
    head = "".join(f'<th style="{style}{side}">{html.escape(column.label)}</th>' for side, column in heads)
    rows = "".join(
        "<tr>"
        + "".join(f'<td style="{style}{side}">{html.escape(text)}</td>' for side, text in zip(sides, row, strict=True))
        + "</tr>"
        for row in shown_rows(table)
    )
    return f'<h3>{html.escape(table.title)}</h3><table style="border-collapse:collapse"><tr>{head}</tr>{rows}</table>'


def shown_rows(table: Table) -> list[list[str]]:
    """The rows as people read them."""
    return [[written(value, column) for value, column in zip(row, table.columns, strict=True)] for row in table.rows]


def as_text_table(table: Table, limit: int) -> str:
    """A table in letters of one width, of at most so many rows."""
    rows = [[column.label for column in table.columns], *shown_rows(table)[:limit]]
    widths = [max(len(row[n]) for row in rows) for n in range(len(table.columns))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    more = len(table.rows) - limit
    return "\n".join([*lines, *([f"… and {more} more rows"] if more > 0 else [])])


def as_slack(message: Message) -> dict[str, Any]:
    """The body for an incoming webhook of Slack and what is compatible with it (api.slack.com/messaging/webhooks)."""
    parts = [f"*{_slack(message.subject)}*", _slack(message.text)]
    for table in message.tables:
        rows = _within(as_text_table(table, _ROWS_IN_SLACK), _SLACK_TEXT)
        parts.append(f"{_slack(table.title)}\n```{_slack(rows)}```")
    return {"text": "\n".join(parts)}


def _within(text: str, most: int) -> str:
    """As many whole lines of a text as find room, and that there are more."""
    if len(text) <= most:
        return text
    return "\n".join([*text[:most].split("\n")[:-1], "… and more."])


def _slack(text: str) -> str:
    """A text whose signs mean nothing to Slack and what is compatible with it: no tag, link, name or end of rows."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _CALLED.sub("@\u200b", plain.replace("```", "`` `").replace("](", "]\u200b("))


def as_document(message: Message) -> dict[str, Any]:
    """The body for a webhook of any other kind; docs/alerts.md describes it."""
    return message.model_dump(mode="json", exclude_none=True, exclude={"files"})
