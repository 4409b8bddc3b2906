"""`asklake status`: the state of everything on one page, and what to do next.

Belongs here: putting the parts together. Does not belong here: reading any of them in depth (lookups, quarantine).
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.alerts.outbox import Outbox, Receiver
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days
from lakehouse_assets.builds.groups import groups
from lakehouse_assets.commands.lake.giving_up import events_held, words
from lakehouse_assets.commands.lake.lookups import TableState, as_documents, open_lake, print_states, table_states
from lakehouse_assets.commands.output import Out
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.ingest.files.landing import look
from lakehouse_assets.ingest.loads.quarantine import count_quarantined
from lakehouse_assets.ingest.loads.standing import standings
from lakehouse_assets.ingest.sources import all_sources
from lakehouse_assets.intake.log import Lag, lag
from lakehouse_assets.intake.standing import TopicStanding, topics_of
from lakehouse_assets.lakehouse.periods import to_text
from lakehouse_assets.private import open_to_others
from nlq.storage.journal import Journal
from nlq.storage.queue import QuestionQueue

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

_SHOWN_LAYERS = ("gold", "platinum", "semantic", "silver", "bronze")
"""What people ask about first, what came in last."""
_SHOWN_DAYS = 3
_BROKERS_WITHIN_S = 3.0
"""Longest time to wait for a broker, and for a database whose tables are followed."""
_LOADS = """
select source, count(*) as files, cast(sum(rows_loaded) as bigint) as rows_loaded,
  cast(sum(rows_quarantined) as bigint) as rows_quarantined, max(loaded_at) as last_loaded
from bronze.loads group by source order by source
"""


_LOADED_FILES = "select source_file, bytes, content_sha256, loaded_at from bronze.loads order by loaded_at"


def status(out: Out) -> None:
    """Tables, loads, and what waits: files, days, refused records, questions."""
    lake = open_lake()
    states = sorted(table_states(lake), key=_place)
    loads, (refused, _), queue = _loads(lake, states), count_quarantined(lake, limit=1), _queue(lake)
    files, days = _files_waiting(lake, states), _days_not_built(lake)
    exposed = _exposed(lake.settings)
    waiting, failing = _answers_waiting(lake)
    receivers = _receivers(lake)
    topics = topics_of(lake, all_sources().values(), _BROKERS_WITHIN_S)
    tables = standings(lake, all_sources().values(), _BROKERS_WITHIN_S)
    lost = [problem for _, found in (*topics, *tables) for problem in found.problems]
    stuck, behind = events_held(lake.settings), lag(lake.settings.intake_dir)
    advice = [
        *private_steps(exposed),
        *failing,
        *lost,
        *map(words, stuck),
        *(f"{one.waiting:,} messages wait for {one.target}: {one.error}" for one in receivers if one.failures),
        *next_steps(states, refused, queue, len(files), days),
    ]
    out.say(f"Data: {lake.settings.home.absolute()}   profile: {lake.settings.profile}")
    if states:
        out.heading("Tables")
        print_states(out, states)
    if loads:
        out.heading("Loads")
        out.table(
            ("source", "files", "rows loaded", "rows refused", "last (UTC)"), [tuple(row.values()) for row in loads]
        )
    if topics:
        out.heading("Topics")
        shown = [(s.name, t.name, f"{len(t.partitions):,}", f"{t.lag:,}", f"{t.held:,}") for s, t in topics]
        out.table(("source", "topic", "partitions", "messages waiting", "in open transactions"), shown)
    if tables:
        out.heading("Tables followed")
        shown = [(s.name, t.table, t.loaded_up_to or "not yet", _mib(t.waiting), _mib(t.kept)) for s, t in tables]
        out.table(("source", "table", "loaded up to", "log behind it", "log kept"), shown)
    out.heading("Waiting")
    out.say(f"{len(files):,} files in {lake.settings.landing_root}")
    out.say(f"Events accepted and not in bronze yet: {behind.records:,}, {_mib(behind.bytes)}{_since(behind)}")
    out.say("Days and hours not built: " + ("; ".join(f"{d} {_few(found)}" for d, found in days.items()) or "none"))
    out.say(f"{refused:,} records in quarantine")
    out.say("Questions: " + ", ".join(f"{n:,} {name}" for name, n in queue.items()))
    out.say(f"Answers to be published: {waiting:,}")
    out.say(f"Messages of alerts: {sum(one.waiting for one in receivers):,}")
    out.heading("Next")
    for line in advice:
        out.say(f"  {line}")
    out.emit(
        {
            "home": lake.settings.home.absolute(),
            "profile": lake.settings.profile,
            "tables": as_documents(states),
            "loads": loads,
            "topics": [_topic_document(source.name, topic) for source, topic in topics],
            "followed": [{"source": source.name, **asdict(standing)} for source, standing in tables],
            "events_waiting": asdict(behind),
            "events_held": [asdict(stream) for stream in stuck],
            "files_in_landing": files,
            "days_not_built": days,
            "quarantined": refused,
            "questions": queue,
            "open_to_others": exposed,
            "answers_waiting": waiting,
            "receivers": [asdict(one) for one in receivers],
            "next": advice,
        }
    )


def _topic_document(source: str, topic: TopicStanding) -> dict[str, Any]:
    partitions = [
        {"partition": p.partition, "loaded_up_to": p.committed, "ends_at": p.high, "lag": p.lag, "held": p.held}
        for p in topic.partitions
    ]
    return {
        "source": source, "topic": topic.name, "lag": topic.lag, "held": topic.held, "partitions": partitions,
        "problems": list(topic.problems),
    }  # fmt: skip


def _since(behind: Lag) -> str:
    return f", since {behind.since:%Y-%m-%d %H:%M:%S} UTC" if behind.since else ""


def _mib(size: int) -> str:
    return f"{size / (1 << 20):,.1f} MiB"


def _place(state: TableState) -> tuple[int, str]:
    layer = state.table.split(".")[0]
    return (_SHOWN_LAYERS.index(layer) if layer in _SHOWN_LAYERS else len(_SHOWN_LAYERS), state.table)


def _few(days: Sequence[date]) -> str:
    """Some days for people: the first ones, and how many more."""
    more = f" and {len(days) - _SHOWN_DAYS:,} more" if len(days) > _SHOWN_DAYS else ""
    return ", ".join(map(to_text, days[:_SHOWN_DAYS])) + more


def _files_waiting(lake: Lake, states: list[TableState]) -> list[str]:
    """Files of the landing folder that no load has read, under this name or another, or that changed since."""
    files = look(lake.settings.landing_root, settle_seconds=0).files
    if not files or not _published(states, "bronze.loads"):
        return [file.path for file in files]
    with lake.session() as session:
        loaded = session.query(_LOADED_FILES).to_pylist()
    read = {row["source_file"]: row["loaded_at"].replace(tzinfo=UTC).timestamp() for row in loaded}
    contents = {(row["bytes"], row["content_sha256"]) for row in loaded}
    sizes = {size for size, _ in contents}
    unread = [f for f in files if f.path not in read or f.modified > read[f.path]]
    return [f.path for f in unread if f.size not in sizes or (f.size, _sha256(f.path)) not in contents]


def _sha256(path: str) -> str:
    """The digest that a load notes of a file; none of one on a server, which is not fetched for that."""
    if "://" in path:
        return ""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _days_not_built(lake: Lake) -> Mapping[str, list[date]]:
    """Days, or hours, that bronze has and a group of tables has not, by group; none where dbt has not parsed it."""
    try:
        graph = dbt_graph.load(lake.settings)
    except dbt_graph.ManifestMissingError:
        return {}
    found = {
        group.name: sorted(dirty_days(lake, graph, group.tables, group.unit))
        for group in groups(graph, platform_contracts())
    }
    return {name: days for name, days in found.items() if days}


def _published(states: list[TableState], table: str) -> bool:
    return any(s.table == table and s.published_at for s in states)


def _loads(lake: Lake, states: list[TableState]) -> list[dict[str, Any]]:
    if not _published(states, "bronze.loads"):
        return []
    with lake.session() as session:
        return session.query(_LOADS).to_pylist()


def _queue(lake: Lake) -> dict[str, int]:
    return QuestionQueue(lake.settings.queue_url).counts()


def _exposed(settings: Settings) -> list[Path]:
    """The folders of data that other people of this machine can look into."""
    home, dagster = settings.home.absolute(), settings.dagster_storage
    folders = [home] if dagster.is_relative_to(home) else [home, dagster]
    return [folder for folder in folders if open_to_others(folder)]


def private_steps(exposed: Sequence[Path]) -> list[str]:
    """What is done about folders that other people of this machine can read."""
    return [f"`chmod go= {shlex.quote(str(folder))}`: other users of this machine can read it" for folder in exposed]


def _receivers(lake: Lake) -> list[Receiver]:
    """Where alerts were sent to, and how it does."""
    outbox = Outbox(lake.settings.queue_url)
    try:
        return outbox.receivers()
    finally:
        outbox.close()


def _answers_waiting(lake: Lake) -> tuple[int, list[str]]:
    """Answers that are not in the lake yet, and what keeps them out, where something does."""
    journal = Journal(lake.settings.queue_url)
    try:
        waiting, failing = journal.waiting(), journal.failing
    finally:
        journal.close()
    if not failing:
        return waiting, []
    return waiting, [
        f"answers are not published since {failing.since:%Y-%m-%d %H:%M} UTC: {failing.error}. They are kept; they are "
        "published by `asklake serve` or `asklake dev` once that is mended"
    ]


def next_steps(
    states: list[TableState], refused: int, queue: dict[str, int], files: int, days: Mapping[str, list[date]]
) -> list[str]:
    """What a person would do now, the most urgent first."""
    if not states and not files:
        return ["`asklake demo` loads sample data; `asklake ingest FILE --source NAME` loads yours"]
    steps = []
    if files:
        steps.append("`asklake dev`: files wait in the landing folder for its daemon")
    if days:
        steps.append("`asklake materialize`: there are days that silver and gold do not have yet")
    if refused:
        steps.append("`asklake quarantine list`: records were refused")
    if queue.get("queued"):
        steps.append("`asklake dev`: questions wait for its daemon")
    if late := [s.table for s in states if s.freshness == "stale"]:
        steps.append(f"stale: {', '.join(late)}; load newer data, or look at the schedules in Dagit")
    return [*steps, '`asklake ask "…"` asks; `asklake catalog` lists what can be asked; `asklake dev` opens Dagit']
