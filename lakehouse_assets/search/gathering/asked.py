"""Passages of questions that were answered, and of which an asker said that the answer is right.

Belongs here: reading those from the lake. Does not belong here: what an answer is (``nlq.storage``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.search.gathering.documents import hidden
from lakehouse_assets.search.model import Kind, Passage, namespace_of
from nlq.core.utc import utc_now
from nlq.storage.contracts import ANSWERS, FEEDBACK

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session

MOST, DAYS = 10_000, 366
"""Questions at most, the newest first, and how far back."""
# Of several verdicts on an answer the newest counts; of several answers to a question, the newest.
_SQL = f"""
    select a.answer_id, a.question, a.tenant_id, a.role, a.plan_json, a.asked_at
    from {ANSWERS.identifier} as a
    join (
        select answer_id, max_by(verdict, given_at) as verdict
        from {FEEDBACK.identifier} where given_date >= ? group by answer_id
    ) as f on f.answer_id = a.answer_id
    where a.asked_date >= ? and a.outcome = 'answered' and f.verdict = 'right'
    order by a.asked_at desc, a.answer_id limit {MOST}
"""


def of_questions(session: Session, today: date | None = None) -> Iterator[Passage]:
    """A passage for each question, for the tenant and the role that asked it."""
    first = (today or utc_now().date()) - timedelta(days=DAYS)
    try:
        rows = session.query(_SQL, [first, first]).to_pylist()
    except QueryRefusedError:  # nothing was asked yet, or no verdict given
        return
    yield from map(_passage, rows)


def _passage(row: dict[str, Any]) -> Passage:
    metrics = frozenset(json.loads(row["plan_json"] or "{}").get("metrics", ()))
    source = {"answer": row["answer_id"], "asked_at": row["asked_at"].isoformat(), "metrics": sorted(metrics)}
    roles = tuple(sorted({row["role"], "admin"}))
    question = hidden(" ".join(row["question"].split()))
    return Passage(
        namespace_of(row["tenant_id"]), Kind.QUESTION, question, "", f"{row['role']}\n{question.casefold()}", source,
        metrics, needs_all=True, roles=roles,
    )  # fmt: skip
