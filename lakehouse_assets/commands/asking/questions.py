"""`asklake ask`, `query`, `catalog` and `replay`: questions and their answers.

Belongs here: showing an answer. Does not belong here: finding it (nlq) or the SQL of metrics (semantic).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from lakehouse_assets.commands.asking.requests import Request
from lakehouse_assets.commands.confined import bounded_memory
from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out
from lakehouse_assets.insight.answerer import open_foreign
from lakehouse_assets.search.answering import open_answerer as opened
from lakehouse_assets.settings import get_settings
from lakehouse_assets.settings.servers import MAIN
from nlq.core.guard import Caller
from nlq.wording.formats import Said, format_said

if TYPE_CHECKING:
    from pathlib import Path

    from nlq.answering.answer import Answerer
    from nlq.answering.document.columns import AnswerColumn
    from nlq.answering.document.model import Answer
    from nlq.storage.queue import Question, QuestionQueue

_EXIT = {
    "answered": Exit.DONE,
    "found": Exit.DONE,
    "clarify": Exit.CLARIFY,
    "refused": Exit.REFUSED,
    "failed": Exit.FAILED,
}
_POLL_S = 0.3
_LONGEST = 320
"""Characters of a passage that are shown."""


def open_answerer(out: Out, at: str | None = None) -> Answerer:
    """What answers over the lake, as it was at a moment if one is named; the manifest is built where there is none."""
    with out.quietly():
        return opened(open_lake(at))


def ask(out: Out, question: str, tenant: str | None, queue: bool, wait: float, at: str | None) -> None:
    """Answer now, or put the question in the queue."""
    if queue:
        _only_as_it_is(at)
        enqueue(out, question, tenant, wait)
        return

    answerer = open_answerer(out, at)
    answer = answerer.ask(question, Caller(tenant=tenant))
    show(out, answer)  # storing takes a second that nobody need wait for
    with out.quietly():
        from nlq.storage.store import store_answers

        store_answers(open_lake(), [answer], "asklake-ask")
    finish(out, answer, shown=True)


def _only_as_it_is(at: str | None) -> None:
    """Refuse to queue what would be answered from elsewhere: the queue is one for all, and its answers are of main."""
    if at:
        raise CommandError("the queue answers from the lake as it is", "leave out --queue or --at", Exit.USAGE)
    if (branch := get_settings().branch) != MAIN:
        raise CommandError(f"the queue answers from {MAIN}, not from branch {branch}", "leave out --queue", Exit.USAGE)


def ask_foreign(out: Out, question: str, tenant: str | None, project: Path | None, database: str | None) -> None:
    """Answer from somebody else's dbt project and database; nothing is kept of it."""
    if project is None or database is None:
        raise CommandError(
            "--project and --database go together", "name the dbt project and its DuckDB file or Trino", Exit.USAGE
        )
    settings = get_settings()
    try:
        with out.quietly():
            answerer = open_foreign(settings, project, database)
    except (FileNotFoundError, ValueError) as error:
        raise CommandError(str(error), "check the path or address", Exit.USAGE) from error
    with bounded_memory(settings):  # the expressions of its metrics are other people's
        answer = answerer.ask(question, Caller(tenant=tenant))
    finish(out, answer, stored=False)


def query(out: Out, request: Request, tenant: str | None, at: str | None) -> None:
    """Answer a plan given by names."""
    answerer = open_answerer(out, at)
    caller = Caller(tenant=tenant)
    vocabulary = answerer.vocabulary(caller)
    known = set(request.metric_names) <= vocabulary.metrics.keys()
    dimensions = vocabulary.shared_dimensions(request.metric_names) if known else vocabulary.dimensions
    finish(out, answerer.run(request.plan(dimensions), caller), stored=False)


def finish(out: Out, answer: Answer, *, stored: bool = True, shown: bool = False) -> None:
    """Print an answer, unless it was shown already, and end with the exit code it means."""
    if not shown:
        show(out, answer)
    if answer.outcome == "answered":
        read = ", ".join(f"{s.table} to {s.newest_day}" if s.newest_day else s.table for s in answer.freshness)
        out.say(f"{answer.elapsed_ms:,.0f} ms; read {read}", style="dim")
        if stored:
            out.say(f"answer {answer.answer_id} (`asklake replay {answer.answer_id}` gives it again)", style="dim")
    out.emit(answer.model_dump(mode="json"))
    code = _EXIT[answer.outcome]
    if code:
        raise typer.Exit(int(code))


def show(out: Out, answer: Answer, *, limit: int = 20) -> None:
    """An answer for people: the sentence, the rows, or what could be asked instead."""
    out.say(answer.sentence, style="bold" if answer.outcome in ("answered", "found") else "yellow")
    if answer.outcome == "found":
        _show_texts(out, answer)
    elif answer.rows and not (len(answer.rows) == 1 and len(answer.columns) == 1):
        cut = {p.step.isoformat(): "so far" if p.running else "in part" for p in answer.partial if not p.compared}
        rows = [tuple(_formatted(v, c, cut) for v, c in zip(row, answer.columns, strict=True)) for row in answer.rows]
        numbers = [i for i, c in enumerate(answer.columns) if c.kind == "metric"]
        out.table([c.label for c in answer.columns], rows, limit=limit, right=numbers)
    for note in answer.notes:
        out.say(note, style="dim")
    if answer.stale_layer:
        out.say(f"{answer.stale_layer.says}. `asklake check` shows what to mend.", style="yellow")
    if answer.outcome == "found" and answer.choices:
        out.say("Figures that the question may be about:")
    for number, choice in enumerate(answer.choices, start=1):
        out.say(f"  {number}. {choice.question}")
    if answer.nearest:
        out.say(f"Nearest that I know: {', '.join(answer.nearest)}")
    _show_words(out, answer)


def _show_texts(out: Out, answer: Answer) -> None:
    """Passages, each with where it is from."""
    for number, row in enumerate(answer.rows, start=1):
        text = dict(zip((c.name for c in answer.columns), row, strict=True))
        out.say(f"{number}. {text['title']}  ({text['kind']})", style="bold")
        if text["text"]:
            out.say(f"   {_short(str(text['text']))}")
        out.say(f"   {text['source']}", style="dim")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _show_words(out: Out, answer: Answer) -> None:
    """What the words of the question became; general English that only joins others is not told."""
    told = [b for b in answer.because if b.part and (b.part != "operator" or b.label)]
    by_model = answer.planner not in ("rules", "model") and not all(choice.because for choice in answer.choices)
    if by_model or answer.planner == "model":
        out.say("A language model reads a question as a whole: it does not say which words became what.", style="dim")
    if told and answer.planner != "model":
        known = {"label": "its name", "name": "its name", "related": "a related word", "spelling": "a mended spelling"}
        rows = [(b.words, b.meaning, str(b.part).replace("_", " "), known.get(b.why or "", b.why or "")) for b in told]
        out.table(("your words", "became", "part", "known by"), rows, limit=40)


def _formatted(value: Any, column: AnswerColumn, cut: Mapping[str, str]) -> Any:
    """A cell for people; steps of time that are known in part say so."""
    if column.kind == "time" and value in cut:
        return f"{value} {cut[value]}"
    if column.kind != "metric":
        name = column.named(value)
        return f"{name} ({value})" if name else value
    return format_said(value, Said(column.label, column.format, column.unit))


def enqueue(out: Out, question: str, tenant: str | None, wait: float) -> None:
    """Put a question in the queue, and wait for its answer as long as was asked."""
    from nlq.storage.queue import QuestionQueue

    queue = QuestionQueue(get_settings().queue_url)
    entry = queue.enqueue(question, tenant=tenant, asked_by="cli")
    if wait:
        entry = _await(queue, entry, wait)
    if entry.answer_id:
        out.say(f"{entry.status}: answer {entry.answer_id}")
        _show_stored(out, entry.answer_id)
        return
    out.say(f"Question {entry.id} is {entry.status}. The daemon of `asklake dev` answers it within seconds;")
    out.say("the answer lands in semantic.nlq_answers.")
    out.emit({"question_id": entry.id, "status": entry.status.value, "error": entry.error})
    if entry.status.value == "failed":
        raise typer.Exit(int(Exit.FAILED))


def _await(queue: QuestionQueue, entry: Question, wait: float) -> Question:
    deadline = time.monotonic() + wait
    while entry.finished_at is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
        entry = queue.get(entry.id)
    return entry


def _show_stored(out: Out, answer_id: str) -> None:
    from nlq.storage.store import stored_answer

    answer = stored_answer(open_lake(), answer_id)
    if answer is None:
        raise CommandError(f"answer {answer_id} is not stored", "ask again", Exit.FAILED)
    finish(out, answer)


def replay(out: Out, answer_id: str) -> None:
    """Run a stored answer again at its snapshots."""
    from nlq.storage.store import replay as replayed

    answer = replayed(open_lake(), open_answerer(out), answer_id)
    out.say(f"Question: {answer.question}")
    finish(out, answer)


def catalog(out: Out, search: str | None) -> None:
    """Metrics with the dimensions they can be grouped by."""
    answerer = open_answerer(out)
    vocabulary = answerer.vocabulary()
    metrics = [m for m in vocabulary.metrics.values() if _matches(search, m.name, m.label, m.description, *m.synonyms)]
    dimensions = [
        d for d in vocabulary.dimensions.values() if _matches(search, d.name, d.label, d.description, *d.synonyms)
    ]
    if search and not (metrics or dimensions):
        out.say(f"No metric or dimension contains '{search}'; `asklake catalog` lists all.")
    out.heading("Metrics")
    out.table(
        ("metric", "means", "also called"),
        [(m.name, m.description or m.label, _few(m.synonyms)) for m in metrics],
        limit=200,
    )
    out.heading("Dimensions")
    out.table(
        ("dimension", "means", "values"),
        [(d.name, d.description or d.label, _few(d.values.shown)) for d in dimensions],
        limit=200,
    )
    waiting = {m: t for m, t in answerer.unpublished().items() if _matches(search, m.name, m.label, m.description)}
    if waiting:
        out.heading("No data yet")
        out.table(
            ("metric", "domain", "never published"),
            [(m.name, m.domain, ", ".join(tables)) for m, tables in waiting.items()],
            limit=200,
        )
    out.emit(
        {
            "unpublished": [
                {"name": m.name, "label": m.label, "domain": m.domain, "tables": list(tables)}
                for m, tables in waiting.items()
            ],
            "metrics": [
                {
                    "name": m.name,
                    "label": m.label,
                    "description": m.description,
                    "type": m.type,
                    "domain": m.domain,
                    "synonyms": list(m.synonyms),
                    "dimensions": sorted(m.dimensions),
                }
                for m in metrics
            ],
            "dimensions": [
                {
                    "name": d.name,
                    "label": d.label,
                    "description": d.description,
                    "type": d.type,
                    "synonyms": list(d.synonyms),
                    "values": list(d.values.shown),
                    "all_values": d.values.complete,
                }
                for d in dimensions
            ],
        }
    )


def _matches(search: str | None, *texts: str) -> bool:
    return search is None or any(search.casefold() in text.casefold() for text in texts)


def _few(values: Sequence[Any], count: int = 4) -> str:
    shown = ", ".join(str(v) for v in values[:count])
    return f"{shown}, …" if len(values) > count else shown
