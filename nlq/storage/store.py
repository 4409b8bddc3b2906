"""``semantic.nlq_answers`` and ``nlq_feedback``: rows go in by a publication, each once; answers come out again.

Belongs here: an answer and a verdict as rows, a row as an answer or as what replay needs. Does not belong here: the
tables' contracts (``contracts``), answering (``answering``), the queue (``queue``), what waits to go in (``journal``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa
from pydantic import BaseModel
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.lakehouse.types import arrow_type
from nlq.answering.document.model import Answer, AnswerNotFoundError, StoredPlan
from nlq.core.guard import Caller
from nlq.core.plan import Plan
from nlq.storage.contracts import ANSWERS, FEEDBACK

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Published
    from nlq.answering.answer import Answerer
    from nlq.storage.verdict import Verdict

_TRIES = 10
_AT_ONCE = 100
"""Answers that are held as such while many are made into rows: each takes several times what its row does."""
_BETWEEN_IDS = "\n"
_T = TypeVar("_T")


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
    return _store(lake, ANSWERS, answer_rows(answers), run_id)


def store_given_answers(lake: Lake, answers: Iterable[Answer], run_id: str) -> Published | None:
    """As ``store_answers``, for answers that are what they were when they were first to be stored, as the journal's.

    They can be there already on their own days only, so that no other is looked at.
    """
    return _store(lake, ANSWERS, answer_rows(answers), run_id, days="asked_date")


def store_verdicts(lake: Lake, verdicts: Sequence[Verdict], run_id: str) -> Published | None:
    """Store what askers thought in one publication; as ``store_given_answers``."""
    rows = [
        {
            "given_date": verdict.given_at.date(),
            "feedback_id": verdict.id,
            "answer_id": verdict.answer_id,
            "tenant_id": verdict.tenant,
            "verdict": verdict.verdict,
            "comment": verdict.comment,
            "given_by": verdict.given_by,
            "given_at": verdict.given_at,
        }
        for verdict in verdicts
    ]
    return _store(lake, FEEDBACK, pa.Table.from_pylist(rows, schema=_schema(FEEDBACK)), run_id, days="given_date")


def stored_or_refused(
    store: Callable[[Lake, Sequence[_T], str], Published | None], lake: Lake, items: Sequence[_T], run_id: str
) -> tuple[list[Published], list[tuple[_T, str]]]:
    """Store all at once; if the audit refuses, each alone, to find those that break the contract.

    Returns:
        What was published, and what was refused with the reason.
    """
    try:
        done = store(lake, items, run_id)
        return [done] if done else [], []
    except AuditFailedError:
        pass
    published, refused = [], []
    for item in items:
        try:
            done = store(lake, [item], run_id)
            published += [done] if done else []
        except AuditFailedError as error:
            refused.append((item, str(error)))
    return published, refused


def _store(lake: Lake, contract: Contract, rows: pa.Table, run_id: str, days: str = "") -> Published | None:
    """Store rows that are not there, of which those that are have the same days, if the column of these is named."""
    return _store_once(lake, contract, rows, run_id, days) if rows.num_rows else None


@retry(retry=retry_if_exception_type(_TableMovedError), stop=stop_after_attempt(_TRIES), reraise=True)
def _store_once(lake: Lake, contract: Contract, rows: pa.Table, run_id: str, days: str) -> Published | None:
    (key,) = contract.key
    known, snapshot = _known_ids(lake, contract, rows, days)
    seen = set(known)
    new = [not (row_id in seen or seen.add(row_id)) for row_id in rows.column(key).to_pylist()]
    if not any(new):
        return None

    def unmoved(tables: Any) -> None:
        table = tables.get(contract.identifier)
        if (table.metadata.current_snapshot_id if table else None) != snapshot:
            raise _TableMovedError

    with begin(lake, run_id=run_id) as publication:
        publication.stage_rows(contract, rows.filter(pa.array(new)), Append())
        publication.audit()
        return publication.publish(unmoved)[0]


def answer_rows(answers: Iterable[Answer]) -> pa.Table:
    """Answers as rows of the contract; of answers made one after another, some are held at a time."""
    schema, rows = _schema(ANSWERS), map(_row, answers)
    batches = iter(lambda: list(islice(rows, _AT_ONCE)), [])
    return pa.Table.from_batches([pa.RecordBatch.from_pylist(batch, schema=schema) for batch in batches], schema)


def stored_answer(lake: Lake, answer_id: str) -> Answer | None:
    """A stored answer; what was not stored with it (definitions, freshness) stays empty."""
    with lake.session() as session:
        try:
            found = session.query(f"select * from {ANSWERS.identifier} where answer_id = ?", [answer_id]).to_pylist()
        except QueryRefusedError:
            return None
    if not found:
        return None
    row = found[0]
    kept = {k: v for k, v in row.items() if k in Answer.model_fields and v is not None}
    parsed = {k.removesuffix("_json"): json.loads(v) for k, v in row.items() if k.endswith("_json") and v}
    return Answer.model_validate({**kept, **parsed, "tenant": row["tenant_id"]})


def stored_plan(lake: Lake, answer_id: str) -> StoredPlan | None:
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


def replay(lake: Lake, answerer: Answerer, answer_id: str, caller: Caller | None = None) -> Answer:
    """Run a stored answer's plan again at the snapshots it was read at.

    Raises:
        AnswerNotFoundError: no such answer that ran a plan, or it is another tenant's.
        QueryRefusedError, QueryTimeoutError: see ``Answerer.rerun``.
    """
    stored = stored_plan(lake, answer_id)
    if stored is None:
        raise AnswerNotFoundError(f"there is no answer {answer_id}")
    return answerer.rerun(stored, answer_id, caller)


def _known_ids(lake: Lake, contract: Contract, rows: pa.Table, days: str) -> tuple[set[str], int | None]:
    """Which ids of these rows are stored already, and the snapshot that was looked at."""
    (key,) = contract.key
    # One text for all ids: DuckDB looks for pandas, which is not there, at every parameter of a statement.
    condition = f"{key} in (select wanted.id from unnest(split(?, ?)) as wanted(id))"
    params: list[Any] = [_BETWEEN_IDS.join(rows.column(key).unique().to_pylist()), _BETWEEN_IDS]
    if days:
        asked = rows.column(days).unique().to_pylist()
        condition += f" and {days} in ({', '.join('?' for _ in asked)})"
        params += asked
    with lake.session() as session:
        try:
            found = session.query(f"select {key} from {contract.identifier} where {condition}", params)
        except QueryRefusedError:
            return set(), None
        return set(found.column(key).to_pylist()), session.snapshots[contract.identifier]


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
        "carried_json": _json(answer.carried),
        "choices_json": _json(answer.choices),
        "sql": answer.sql,
        "columns_json": _json(answer.columns),
        "rows_json": json.dumps(answer.rows, ensure_ascii=False) if answer.columns else None,
        "partial_json": _json(answer.partial),
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


def _schema(contract: Contract) -> pa.Schema:
    return pa.schema([(column.name, arrow_type(column.type)) for column in contract.columns])
