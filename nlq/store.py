"""``semantic.nlq_answers``: answers go in by a publication, each once; plans come out for replay.

Belongs here: an answer as a row, and a row as what replay needs. Does not belong here: the table's contract
(``contracts``), answering (``answer``), the queue (``queue``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pydantic import BaseModel

from lakehouse_assets.lakehouse.engine import QueryRefusedError
from nlq.contracts import ANSWERS
from nlq.guard import Caller
from nlq.plan import Plan

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.database import DatabaseLake
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publication import Published
    from nlq.answer import Answer

_TRIES = 10


@dataclass(frozen=True)
class StoredPlan:
    """What replay needs of a stored answer."""

    question: str
    caller: Caller
    plan: Plan
    snapshots: dict[str, int]


class _TableMovedError(Exception):
    """Another batch was stored meanwhile: look again for what is there already."""


def store_answers(lake: Lake, answers: Sequence[Answer], run_id: str) -> Published | None:
    """Store answers in one publication; those already there are left out.

    Returns:
        What was published, or None if all of them were there.

    Raises:
        AuditFailedError: an answer breaks the contract; nothing was stored.
        PublicationConflictError: other writers were faster every time.
    """
    if not answers:
        return None
    for attempt in range(_TRIES):
        try:
            return _store_once(lake, answers, run_id)
        except _TableMovedError:
            if attempt == _TRIES - 1:
                raise
    return None


def _store_once(lake: Lake, answers: Sequence[Answer], run_id: str) -> Published | None:
    from lakehouse_assets.lakehouse.publication import Append, Publication

    known, snapshot = _known_ids(lake, [answer.answer_id for answer in answers])
    new = {answer.answer_id: answer for answer in answers if answer.answer_id not in known}
    if not new:
        return None

    def unmoved(tables: Any) -> None:
        table = tables.get(ANSWERS.identifier)
        if (table.metadata.current_snapshot_id if table else None) != snapshot:
            raise _TableMovedError

    publication = Publication.begin(lake, run_id=run_id)
    try:
        publication.stage_rows(ANSWERS, answer_rows(list(new.values())), Append())
        publication.audit()
        return publication.publish(unmoved)[0]
    except BaseException:
        publication.abandon()
        raise


def answer_rows(answers: Sequence[Answer]) -> pa.Table:
    """Answers as rows of the contract."""
    return pa.Table.from_pylist([_row(answer) for answer in answers], schema=_schema())


def stored_plan(lake: Lake | DatabaseLake, answer_id: str) -> StoredPlan | None:
    """The plan of a stored answer, or None where there is no answer or it ran no plan."""
    sql = f"select question, tenant_id, role, plan_json, snapshots_json from {ANSWERS.identifier} where answer_id = ?"
    with lake.session() as session:
        try:
            found = session.query(sql, [answer_id]).to_pylist()
        except QueryRefusedError:
            return None
    if not found or not found[0]["snapshots_json"]:
        return None
    row = found[0]
    return StoredPlan(
        row["question"],
        Caller(row["tenant_id"], row["role"]),
        Plan.model_validate_json(row["plan_json"]),
        json.loads(row["snapshots_json"]),
    )


def _known_ids(lake: Lake, ids: Sequence[str]) -> tuple[set[str], int | None]:
    """Which ids are stored already, and the snapshot that was looked at."""
    marks = ", ".join("?" for _ in ids)
    with lake.session() as session:
        try:
            found = session.query(f"select answer_id from {ANSWERS.identifier} where answer_id in ({marks})", list(ids))
        except QueryRefusedError:
            return set(), None
        return set(found.column("answer_id").to_pylist()), session.snapshots[ANSWERS.identifier]


def _row(answer: Answer) -> dict[str, Any]:
    return {
        "asked_date": answer.asked_at.date(),
        "answer_id": answer.answer_id,
        "question": answer.question,
        "tenant_id": answer.tenant,
        "role": answer.role,
        "asked_by": answer.asked_by,
        "outcome": answer.outcome,
        "sentence": answer.sentence,
        "confidence": answer.confidence,
        "planner": answer.planner,
        "plan_json": answer.plan.model_dump_json(exclude_defaults=True) if answer.plan else None,
        "because_json": _json(answer.because),
        "choices_json": _json(answer.choices),
        "sql": answer.sql,
        "columns_json": _json(answer.columns),
        "rows_json": json.dumps(answer.rows, ensure_ascii=False) if answer.columns else None,
        "row_count": answer.row_count,
        "truncated": answer.truncated,
        "snapshots_json": json.dumps(answer.snapshots) if answer.snapshots else None,
        "error": answer.error,
        "asked_at": answer.asked_at,
        "answered_at": answer.answered_at,
        "elapsed_ms": answer.elapsed_ms,
    }


def _json(items: Sequence[BaseModel]) -> str | None:
    if not items:
        return None
    return json.dumps([item.model_dump(mode="json", exclude_defaults=True) for item in items], ensure_ascii=False)


def _schema() -> pa.Schema:
    types = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "DOUBLE": pa.float64(),
        "BIGINT": pa.int64(),
        "BOOLEAN": pa.bool_(),
    }
    return pa.schema([(column.name, types[column.type]) for column in ANSWERS.columns])
