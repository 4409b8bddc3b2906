"""The contracts of ``semantic.nlq_answers``, every question and what became of it, and of what askers thought of it.

What a row is, and nothing about how it is made (``store``).
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from lakehouse_assets.lakehouse.contract import (
    OFTEN_WRITTEN_SNAPSHOTS,
    SELDOM,
    Contract,
    Freshness,
    TableModel,
    Timestamp,
    column,
    day,
    rule,
)

OUTCOMES = ("answered", "found", "clarify", "refused", "failed")


class NlqAnswers(TableModel):
    """Every question that was put, how it was understood, what ran, and what came of it; one row per question."""

    asked_date: pl.Date = column("Day the question was asked, in UTC.")
    answer_id: pl.String = column("Identifier of the answer; replaying it gives the same rows.")
    question: pl.String = column("The question as it was asked.")
    tenant_id: pl.String = column("Tenant the answer was limited to; missing if none.", nullable=True)
    role: pl.String = column("Role of the asker.")
    asked_by: pl.String = column("Who asked, if known.", nullable=True)
    outcome: pl.String = column(
        "What became of it: answered, found (text instead of figures), clarify, refused or failed.", isin=list(OUTCOMES)
    )
    sentence: pl.String = column("The answer, the question back or the reason, in one sentence.")
    confidence: pl.Float64 = column("How sure the planner was, 0 to 1.", nullable=True, ge=0.0, le=1.0)
    planner: pl.String = column("Which planner understood the question.")
    plan_json: pl.String = column("The plan that ran, as JSON.", nullable=True)
    because_json: pl.String = column("How the words were understood, as JSON.", nullable=True)
    carried_json: pl.String = column(
        "What the plan took over from the question before, as JSON; missing if nothing.", nullable=True
    )
    choices_json: pl.String = column("The choices offered when the question was asked back, as JSON.", nullable=True)
    sql: pl.String = column("The SQL that ran.", nullable=True)
    columns_json: pl.String = column("Columns of the rows, as JSON.", nullable=True)
    rows_json: pl.String = column("The rows, at most 1,000, as JSON.", nullable=True)
    partial_json: pl.String = column(
        "Periods of the rows that are not over, or of which not every day is known or asked for, as JSON; missing if "
        "none.",
        nullable=True,
    )
    row_count: pl.Int64 = column("How many rows the answer has.", ge=0, le=1000)
    truncated: pl.Boolean = column("Whether there were more rows than were kept.")
    snapshots_json: pl.String = column("Snapshot of every table read, as JSON.", nullable=True)
    error: pl.String = column("Why it failed or was refused.", nullable=True)
    asked_at: Timestamp = column("When it was asked, in UTC.")
    answered_at: Timestamp = column("When the answer was ready, in UTC.")
    elapsed_ms: pl.Float64 = column("Time from taking the question up to its answer, milliseconds.", ge=0.0)


ANSWERS = Contract(
    model=NlqAnswers,
    table="nlq_answers",
    days_of_utc=True,
    layer="semantic",
    domain="nlq",
    key=("answer_id",),
    grain="one row per question answered",
    made_by="python",
    partitions=(day("asked_date"),),
    owner="team:analytics",
    snapshots=OFTEN_WRITTEN_SNAPSHOTS,
    freshness=Freshness(warn_after=timedelta(days=7), fail_after=timedelta(days=30)),
    rules=(
        rule(
            "answered_has_plan",
            "outcome <> 'answered' or plan_json is not null",
            description="an answer always carries the plan that ran",
        ),
    ),
)


class NlqFeedback(TableModel):
    """What askers thought of answers; one row per verdict. Of several by one asker the newest counts."""

    given_date: pl.Date = column("Day the verdict was given, in UTC.")
    feedback_id: pl.String = column("Identifier of the verdict.")
    answer_id: pl.String = column("The answer it is about, in nlq_answers.")
    tenant_id: pl.String = column("Tenant of the asker; missing if none.", nullable=True)
    verdict: pl.String = column("What the asker thought: right or wrong.", isin=["right", "wrong"])
    comment: pl.String = column("What the asker wrote with it.", nullable=True)
    given_by: pl.String = column("Who gave it, if known.", nullable=True)
    given_at: Timestamp = column("When it was given, in UTC.")


FEEDBACK = Contract(
    model=NlqFeedback,
    table="nlq_feedback",
    days_of_utc=True,
    layer="semantic",
    domain="nlq",
    key=("feedback_id",),
    grain="one row per verdict on an answer",
    made_by="python",
    partitions=(day("given_date"),),
    owner="team:analytics",
    snapshots=OFTEN_WRITTEN_SNAPSHOTS,
    freshness=SELDOM,
)

CONTRACTS: tuple[Contract, ...] = (ANSWERS, FEEDBACK)
