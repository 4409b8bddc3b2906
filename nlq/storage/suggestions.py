"""Questions of the last days as suggestions are learnt from, and which suggestions were refused.

Belongs here: reading both, within bounds. Does not belong here: learning (``answering.suggesting``), the tables'
contracts (``contracts``).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, Session
from nlq.answering.suggesting import Asked
from nlq.core.outcome import Because, Choice
from nlq.core.utc import utc_now
from nlq.storage.contracts import ANSWERS, FEEDBACK
from nlq.storage.database import open_tables

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

MOST_DAYS, MOST_QUESTIONS = 366, 100_000
"""How far back, and how many questions, at most."""
_BECAUSE, _CHOICES = TypeAdapter(tuple[Because, ...]), TypeAdapter(tuple[Choice, ...])
_metadata = sa.MetaData()
_dismissed = sa.Table(
    "dismissed_suggestions",
    _metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("word", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("dismissed_at", sa.DateTime, nullable=False),
)
_log = logging.getLogger(__name__)


class OutOfBoundsError(ValueError):
    """More days or questions were asked for than are read."""


def asked_lately(lake: Lake, days: int, limit: int, tenant: str | None = None) -> list[Asked]:
    """The newest questions of the last days that were published, with the last verdict on each.

    Args:
        lake: Where they are stored.
        days: How many days back, today among them; at most MOST_DAYS.
        limit: How many questions at most; at most MOST_QUESTIONS.
        tenant: Whose; every tenant's if None, which only an operator may see.

    Raises:
        OutOfBoundsError: the days or the limit are.
    """
    if not (1 <= days <= MOST_DAYS and 1 <= limit <= MOST_QUESTIONS):
        raise OutOfBoundsError(f"1 to {MOST_DAYS} days and 1 to {MOST_QUESTIONS:,} questions can be read")
    first = utc_now().date() - timedelta(days=days - 1)
    of_tenant, whose = (" and tenant_id = ?", [tenant]) if tenant else ("", [])
    columns = "answer_id, question, outcome, tenant_id, asked_by, asked_at, because_json, choices_json"
    sql = (
        f"select {columns} from {ANSWERS.identifier} where asked_date >= ?{of_tenant} "
        f"order by asked_at desc, answer_id limit {limit}"
    )
    with lake.session() as session:
        try:
            rows = session.query(sql, [first, *whose]).to_pylist()
        except QueryRefusedError:
            return []
        verdicts = _verdicts(session, [first, *whose], of_tenant, limit)
    return [one for row in rows if (one := _asked(row, verdicts))]


def _verdicts(session: Session, parameters: list[Any], of_tenant: str, limit: int) -> Mapping[str, str]:
    """The last verdict on each answer."""
    sql = (
        f"select answer_id, verdict from {FEEDBACK.identifier} where given_date >= ?{of_tenant} "
        f"order by given_at desc, feedback_id limit {limit}"
    )
    try:
        found = session.query(sql, parameters).to_pylist()
    except QueryRefusedError:
        return {}
    return {row["answer_id"]: row["verdict"] for row in reversed(found)}


def _asked(row: Mapping[str, Any], verdicts: Mapping[str, str]) -> Asked | None:
    """A row as a question; None where an earlier version wrote what this one cannot read."""
    try:
        because = _BECAUSE.validate_python(json.loads(row["because_json"] or "[]"))
        choices = _CHOICES.validate_python(json.loads(row["choices_json"] or "[]"))
    except ValueError:  # what is not JSON, and what is not as it should be
        _log.warning("answer %s cannot be learnt from", row["answer_id"])
        return None
    plain = {name: row[name] for name in ("answer_id", "question", "outcome", "asked_by", "asked_at")}
    verdict = verdicts.get(row["answer_id"])
    return Asked(**plain, tenant=row["tenant_id"], because=because, choices=choices, verdict=verdict)


class Dismissed:
    """The suggestions that were refused, in one database. Thread-safe."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the table is made on first use."""
        self._engine = open_tables(url, _metadata)

    def ids(self) -> frozenset[str]:
        """What was refused."""
        with self._engine.begin() as con:
            return frozenset(con.execute(sa.select(_dismissed.c.id)).scalars())

    def add(self, suggestion_id: str, word: str, name: str) -> None:
        """Remember one; a second time changes nothing."""
        row = {"id": suggestion_id, "word": word, "name": name, "dismissed_at": utc_now()}
        with self._engine.begin() as con:
            if con.execute(sa.select(_dismissed.c.id).where(_dismissed.c.id == suggestion_id)).first() is None:
                con.execute(sa.insert(_dismissed), [row])

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
