"""Questions in Dagster: the assets of answers and verdicts, and the op that a queued or launched question runs in.

Belongs here: launching and reporting. Does not belong here: answering (answer, batch), when a run starts
(automation.sensors), or how an answer becomes a row (store).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from lakehouse_assets.assets.metadata.checks import contract_check_specs, evaluated
from lakehouse_assets.assets.metadata.specs import asset_key, engine_kind, published_metadata, spec_of
from lakehouse_assets.assets.questions.scheduled import find_question
from lakehouse_assets.assets.steps.factory import makes_tables
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.run_config import refuse_oversized
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.search.answering import open_answerer
from nlq.core.guard import Caller
from nlq.core.utc import as_utc
from nlq.storage.contracts import ANSWERS, CONTRACTS
from nlq.storage.queue import MAX_QUESTION, QuestionQueue

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Published
    from lakehouse_assets.settings import Settings
    from nlq.answering.document.model import Answer
    from nlq.core.guard import Caller

OP = "answer"
"""Name of the op in run configs; the job is answer_questions, and Dagster wants the two names to differ."""
KEY = asset_key(ANSWERS.identifier)
BATCH = 100
MAX_BATCHES = 20
_TOLD_ROWS = 100


class QuestionConfig(dg.Config):
    """A question; none means the ones that wait in the queue.

    Whoever launches a run writes it, so it names no tenant, no role and no answer: what waits in the queue is answered
    for the caller whose credential put it there, a scheduled question for whom its file says, and a question asked here
    for the operator, who may see every tenant.
    """

    question: str = Field("", description="The question, in words. Empty: answer what waits in the queue.")
    scheduled: str = Field("", description="Name of a question of the scheduled ones, to be asked instead.")
    now: str = Field("", description="Moment that relative times are relative to, ISO 8601 in UTC; the clock if empty.")


def answers_asset(settings: "Settings") -> dg.AssetsDefinition:
    """The assets `semantic.nlq_answers` and `nlq_feedback`; their op is named answer."""

    @makes_tables(
        OP,
        [spec_of(contract, kinds=["metricflow", engine_kind(settings)]) for contract in CONTRACTS],
        [check for contract in CONTRACTS for check in contract_check_specs(contract)],
        pool="nlq",
    )
    def answer_questions(
        context: dg.AssetExecutionContext, lakehouse: Lakehouse, config: QuestionConfig
    ) -> Iterator[Any]:
        lake, run_id = lakehouse.lake, context.run.run_id
        with told(context):
            refuse_oversized(config, names=frozenset({"scheduled", "now"}), question=MAX_QUESTION)
            if config.question or config.scheduled:
                answers, published = _answer_one(lake, config, run_id)
            else:
                answers, published = _answer_waiting(lake, run_id)
                published += _publish_journal(lake, run_id)
            for answer in answers:
                context.log.info("%s: %s\n%s", answer.outcome, answer.question, answer.sentence)
            yield from _report(context, answers, published)

    return answer_questions


def _answer_one(lake: "Lake", config: QuestionConfig, run_id: str) -> "tuple[list[Answer], list[Published]]":
    from nlq.storage.store import store_answers

    # A retried run stores its answer once: the id is the run's, or that of the tick.
    asked = _asked(lake, config, run_id)
    answer = open_answerer(lake).ask(
        asked.question, asked.caller, asked.now, answer_id=asked.answer_id, asked_by=asked.asked_by
    )
    published = store_answers(lake, [answer], run_id)
    return [answer], [published] if published else []


@dataclass(frozen=True)
class _Asked:
    """A question, and for whom: none of it but the words and the moment is the run's to say."""

    question: str
    caller: "Caller"
    answer_id: str
    asked_by: str
    now: datetime | None


def _asked(lake: "Lake", config: QuestionConfig, run_id: str) -> _Asked:
    now = _moment(config.now)
    if not config.scheduled:
        return _Asked(config.question, Caller(), run_id, f"run {run_id}", now)
    if config.question or now is None:
        raise dg.Failure(
            "a run asks a question or a scheduled one: state `question`, or `scheduled` and `now`", allow_retries=False
        )
    question = find_question(lake.settings.scheduled_questions_file, config.scheduled)
    caller = Caller(question.tenant or None, question.role)
    return _Asked(question.question, caller, question.answer_id(now), f"schedule {question.name}", now)


def _moment(text: str) -> datetime | None:
    try:
        return as_utc(datetime.fromisoformat(text)) if text else None
    except (ValueError, OverflowError) as error:
        raise dg.Failure(
            f"`now` of the run config is '{text}', which is no moment: write 2026-02-16T02:30:00", allow_retries=False
        ) from error


def _answer_waiting(lake: "Lake", run_id: str) -> "tuple[list[Answer], list[Published]]":
    """Batches until the queue is empty, or the run has done its share."""
    from lakehouse_assets.assets.questions.batch import answer_batch

    queue = QuestionQueue(lake.settings.queue_url)
    answers: list[Answer] = []
    published: list[Published] = []
    try:
        answerer = open_answerer(lake)
        for _ in range(MAX_BATCHES):
            batch = answer_batch(queue, answerer, lake, BATCH, run_id=run_id)
            if not batch.answers:
                break
            answers += batch.answers
            published += [batch.published] if batch.published else []
    finally:
        queue.close()
    return answers, published


def _publish_journal(lake: "Lake", run_id: str) -> "list[Published]":
    """What a service wrote down and did not live to publish."""
    from nlq.storage.journal import Journal

    journal = Journal(lake.settings.queue_url)
    try:
        return journal.publish(lake, run_id)
    finally:
        journal.close()


def _report(
    context: dg.AssetExecutionContext, answers: "list[Answer]", published: "list[Published]"
) -> Iterator[dg.MaterializeResult | dg.Output[None] | dg.AssetCheckEvaluation]:
    if not published:
        context.log.info("no new answer")
        return
    newest = {asset_key(done.identifier): done for done in published}
    # What does not keep the contract is not published, so what was published kept it.
    kept = [
        dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=True)
        for key in context.selected_asset_check_keys
        if key.asset_key in newest
    ]
    yield from evaluated(context, kept)
    for asset, done in newest.items():
        told = _told(answers) if asset == KEY else {}
        yield dg.MaterializeResult(asset_key=asset, metadata={**published_metadata(done), **told})


def _told(answers: "list[Answer]") -> dict[str, Any]:
    outcomes = [a.outcome for a in answers]
    counts = {outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))}
    told = {**counts, "answers": dg.MetadataValue.md(_shown(answers[:20]))}
    return {**told, "answer": _in_full(answers[0])} if len(answers) == 1 else told


def _in_full(answer: "Answer") -> dg.JsonMetadataValue:
    """A single answer, for who launched its run by GraphQL; of long ones the first rows."""
    fields = {"answer_id", "question", "outcome", "sentence", "columns", "row_count", "choices", "nearest"}
    rows = answer.model_dump(mode="json", include={"rows"})["rows"][:_TOLD_ROWS]
    return dg.MetadataValue.json({**answer.model_dump(mode="json", include=fields), "rows": rows})


def _shown(answers: "list[Answer]") -> str:
    return "\n".join(f"- **{a.question}** ({a.outcome}) {a.sentence}" for a in answers)
