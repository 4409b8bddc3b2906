"""`asklake demo`: sample data of every domain through the whole lakehouse, and ten questions answered.

Belongs here: the order of the stages and what is told of them. Every stage is what a command of its own does.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands import building, loading
from lakehouse_assets.commands.output import Out, seconds
from lakehouse_assets.lakehouse import dbt_manifest

if TYPE_CHECKING:
    from lakehouse_assets.commands.building import Builder
    from lakehouse_assets.commands.orchestrator import Ran
    from lakehouse_assets.domains.sampling import SampleSummary
    from nlq.answer import Answer

FILES = 3
"""Files per source; a load costs seconds however small its file is."""
_LAST_DAY = "last_day"
_NEXT = (
    ('asklake ask "top 5 wards by open complaints"', "a question of yours"),
    ("asklake catalog", "what can be asked"),
    ("asklake status", "every table, how fresh it is, and what to do next"),
    ("asklake quarantine list", "what was refused, and why"),
    ("make dev", "Dagit with the assets, checks, partitions and runs"),
)


@dataclass
class Clock:
    """Seconds by stage, in order: on the wall, and of this process's cores."""

    stages: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a block to a stage."""
        started, cpu = time.perf_counter(), time.process_time()
        yield
        self.stages[name] = time.perf_counter() - started
        self.cpu[name] = time.process_time() - cpu


def demo(out: Out, size: int | None, until: date | None) -> None:
    """Make samples, load them, build everything, ask.

    Args:
        out: Where it is told.
        size: Events, lines or orders of each domain; None for each sample's usual size.
        until: The last day of the samples; None for the one they had before, else yesterday.
    """
    from lakehouse_assets.settings import get_settings

    settings = get_settings()
    clock, started, cpu = Clock(), time.perf_counter(), time.process_time()
    folder = settings.home / "sample"
    last_day = until or last_day_of(folder) or datetime.now(UTC).date() - timedelta(days=1)
    out.say("Sample data of every domain, through the whole lakehouse", style="bold")
    # Generators and engine mostly leave Python's lock alone: imports and dbt's parsing go on beside them.
    with ThreadPoolExecutor(max_workers=2) as pool:
        pending = pool.submit(write_samples, folder, size, last_day)
        with building.builder(out, fresh=False) as made:
            parsed = pool.submit(dbt_manifest.load, settings)
            with clock.stage("make the samples"):
                samples = pending.result()
            with clock.stage("files to bronze"):
                loads, files = ingest_all(made, samples)
            with clock.stage("parse the dbt project"):
                parsed.result()
                made.reload()
            with clock.stage("silver, gold, semantic"):
                builds = building.build_all(made, made.tables_of(None, None), None, None, named=False)
            with clock.stage("ten questions"):
                answers = ask_all(made, last_day + timedelta(days=1))

    runs = [*loads, *builds]
    building.print_audit(out, [c for ran in runs for c in ran.checks])
    building.print_errors(out, runs)
    refused = print_refused(out, made)
    print_answers(out, answers)
    # Imports and loading the code location are in no stage; they are what remains.
    clock.stages["in all"], clock.cpu["in all"] = time.perf_counter() - started, time.process_time() - cpu
    out.heading("Time")
    out.table(("stage", "seconds", "CPU seconds"), [(k, v, clock.cpu[k]) for k, v in clock.stages.items()])
    out.heading("Next")
    for command, what in _NEXT:
        out.say(f"  {command:<48} {what}")
    out.emit(
        {
            "files": [vars(f) for f in files],
            "runs": [building.as_document(ran) for ran in runs],
            "quarantined": refused,
            "answers": [a.model_dump(mode="json") for a in answers],
            "seconds": {k: round(v, 2) for k, v in clock.stages.items()},
            "cpu_seconds": {k: round(v, 2) for k, v in clock.cpu.items()},
        }
    )
    building.stop_if_failed(runs)


def last_day_of(folder: Path) -> date | None:
    """The last day of the samples that were written here; other days would be other records, loaded beside these."""
    note = folder / _LAST_DAY
    return date.fromisoformat(note.read_text(encoding="utf-8")) if note.is_file() else None


def write_samples(folder: Path, size: int | None, last_day: date) -> dict[str, SampleSummary]:
    """Write the sample of every domain that has one, anew; of the same size and last day, the same bytes each time."""
    from lakehouse_assets.domains import DOMAINS, sampling

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _LAST_DAY).write_text(last_day.isoformat(), encoding="utf-8")
    made = {}
    for domain in DOMAINS:
        module = f"lakehouse_assets.domains.{domain}.sample"
        if importlib.util.find_spec(module) is None:
            continue
        sample = importlib.import_module(module)
        first_day = last_day - (sampling.LAST_DAY - getattr(sample, "FIRST_DAY", sampling.FIRST_DAY))
        made[domain] = sample.write_sample(
            folder, files=FILES, size=size or sample.SIZE, first_day=first_day, last_day=last_day
        )
    return made


def ingest_all(made: Builder, samples: Mapping[str, SampleSummary]) -> tuple[list[Ran], list[loading.FileOutcome]]:
    """Load every sample file, one run per source."""
    runs, files = [], []
    for summary in samples.values():
        for source, paths in summary.files.items():
            ran, outcomes = loading.load_files(made, [str(p.absolute()) for p in paths], source)
            made.out.say(f"ingest {source}: {len(paths)} files in {seconds(ran.seconds)}")
            runs.append(ran)
            files += outcomes
    return runs, files


def ask_all(made: Builder, today: date) -> list[Answer]:
    """Ask the demo's questions as if on this day, and store the answers together."""
    from nlq.demo import QUESTIONS
    from nlq.opening import open_answerer
    from nlq.store import store_answers

    with building.waiting(made.out, "asking"), made.out.quietly():
        answerer = open_answerer(made.lake)
        now = datetime.combine(today, datetime.min.time())
        answers = [answerer.ask(question, now=now, asked_by="demo") for question in QUESTIONS]
        store_answers(made.lake, answers, "asklake-demo")
    return answers


def print_answers(out: Out, answers: Sequence[Answer]) -> None:
    """Every question with its answer."""
    from lakehouse_assets.commands.questions import show

    out.heading("Questions")
    for number, answer in enumerate(answers, start=1):
        out.say()
        out.say(f"{number}. {answer.question}", style="cyan")
        show(out, answer, limit=8)


def print_refused(out: Out, made: Builder) -> list[dict[str, Any]]:
    """What is in quarantine, by reason."""
    from lakehouse_assets.commands.quarantine import groups_of

    groups = groups_of(made.lake)
    out.heading("Quarantine")
    out.table(
        ("source", "column", "reason", "records"),
        [(g["source"], g["column"], g["reason"], g["records"]) for g in groups],
    )
    return groups
