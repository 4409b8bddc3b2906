"""`asklake demo`: sample data of every domain through the whole lakehouse, and ten questions answered.

Belongs here: the order of the stages and what is told of them. Every stage is what a command of its own does.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands import building, loading
from lakehouse_assets.commands.output import Out, seconds
from lakehouse_assets.commands.workers import Workers
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.lakehouse import dbt_manifest

if TYPE_CHECKING:
    from lakehouse_assets.commands.building import Builder
    from lakehouse_assets.commands.orchestrator import Ran
    from lakehouse_assets.domains.sampling import SampleSummary
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.answering.answer import Answer

FILES = 2
"""Files per source, so that some records come late; a load costs half a second however small its file is."""
SPINE = "platform"
"""The domain whose tables the others' semantic tables read."""
_LAST_DAY = "last_day"
_NEXT = (
    ('asklake ask "top 5 wards by open complaints"', "a question of yours"),
    ("asklake catalog", "what can be asked"),
    ("asklake status", "every table, how fresh it is, and what to do next"),
    ("asklake quarantine list", "what was refused, and why"),
    ("make dev", "Dagit with the assets, checks, partitions and runs"),
)


@dataclass(frozen=True)
class DomainDone:
    """What became of one domain: its files, and its tables."""

    domain: str
    load: Ran
    files: list[loading.FileOutcome]
    builds: list[Ran]


@dataclass
class Clock:
    """Seconds by stage, in order."""

    stages: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a block to a stage."""
        started = time.perf_counter()
        yield
        self.stages[name] = time.perf_counter() - started


def demo(out: Out, size: int | None, days: int | None, until: date | None) -> None:
    """Make samples, load them, build everything, ask.

    Args:
        out: Where it is told.
        size: Events, lines or orders of each domain; None for each sample's usual size.
        days: Days that the samples are spread over at most; None for as many as usual.
        until: The last day of the samples; None for the one they had before, else yesterday.
    """
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import get_settings

    settings = get_settings()
    clock, started = Clock(), time.perf_counter()
    folder = settings.home / "sample"
    last_day = until or last_day_of(folder) or datetime.now(UTC).date() - timedelta(days=1)
    out.say("Sample data of every domain, through the whole lakehouse", style="bold")
    with clock.stage("parse the dbt project"), building.waiting(out, "parsing the dbt project"), out.quietly():
        dbt_manifest.ensure(settings)
    lake = Lake(settings)
    with Workers(len(DOMAINS)) as workers:
        # Each process loads the code location meanwhile.
        spine = workers.submit(build_domain, SPINE)
        with clock.stage("make the samples"), building.waiting(out, "making the samples"):
            samples = write_samples(folder, size, days, last_day)
        with clock.stage("bronze, silver, gold, semantic"):
            done = load_and_build_all(out, workers, spine, samples, folder)
    with clock.stage("ten questions"):
        answers = ask_all(out, lake, last_day + timedelta(days=1))

    runs = [*spine.result(), *(ran for d in done for ran in (d.load, *d.builds))]
    building.print_audit(out, [c for ran in runs for c in ran.checks])
    building.print_errors(out, runs)
    refused = print_refused(out, lake)
    print_answers(out, answers)
    # Imports are in no stage; they are what remains.
    clock.stages["in all"] = time.perf_counter() - started
    out.heading("Time")
    out.table(("stage", "seconds"), list(clock.stages.items()))
    out.heading("Next")
    for command, what in _NEXT:
        out.say(f"  {command:<48} {what}")
    out.emit(
        {
            "files": [vars(f) for d in done for f in d.files],
            "runs": [building.as_document(ran) for ran in runs],
            "quarantined": refused,
            "answers": [a.model_dump(mode="json") for a in answers],
            "seconds": {k: round(v, 2) for k, v in clock.stages.items()},
        }
    )
    building.stop_if_failed(runs)


def last_day_of(folder: Path) -> date | None:
    """The last day of the samples that were written here; other days would be other records, loaded beside these."""
    note = folder / _LAST_DAY
    return date.fromisoformat(note.read_text(encoding="utf-8")) if note.is_file() else None


def write_samples(folder: Path, size: int | None, days: int | None, last_day: date) -> dict[str, SampleSummary]:
    """Write the sample of every domain that has one, anew, each domain's into a folder of its name.

    Of the same size and days, it is the same bytes each time.
    """
    from lakehouse_assets.domains import sampling

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _LAST_DAY).write_text(last_day.isoformat(), encoding="utf-8")
    made = {}
    for domain in DOMAINS:
        module = f"lakehouse_assets.domains.{domain}.sample"
        if importlib.util.find_spec(module) is None:
            continue
        sample = importlib.import_module(module)
        usual = sampling.LAST_DAY - getattr(sample, "FIRST_DAY", sampling.FIRST_DAY)
        span = min(usual, timedelta(days=days - 1)) if days else usual
        made[domain] = sample.write_sample(
            folder / domain, files=FILES, size=size or sample.SIZE, first_day=last_day - span, last_day=last_day
        )
    return made


def load_and_build_all(
    out: Out, workers: Workers, spine: Future[list[Ran]], domains: Iterable[str], folder: Path
) -> list[DomainDone]:
    """Load the domains side by side, build each once it is loaded and the spine is there, and tell of each."""
    loads = {workers.submit(load_sample, folder / domain): domain for domain in domains}
    builds: dict[Future[list[Ran]], tuple[str, Ran, list[loading.FileOutcome]]] = {}
    done = []
    with building.waiting(out, "loading and building every domain"):
        for ran in spine.result():
            building.tell(out, ran)
        for loaded in as_completed(loads):
            load, files = loaded.result()
            out.say(f"ingest {loads[loaded]}: {len(files)} files in {seconds(load.seconds)}")
            builds[workers.submit(build_domain, loads[loaded])] = loads[loaded], load, files
        for built in as_completed(builds):
            for ran in built.result():
                building.tell(out, ran)
            done.append(DomainDone(*builds[built], built.result()))
    return sorted(done, key=lambda d: d.domain)


def load_sample(made: Builder, folder: Path) -> tuple[Ran, list[loading.FileOutcome]]:
    """Load the sample of a domain."""
    from lakehouse_assets.ingest.landing import laid_out

    named = str(folder.absolute())
    return loading.load_folder(made, named, laid_out(named))


def build_domain(made: Builder, domain: str) -> list[Ran]:
    """Build the tables of a domain and the semantic ones over them."""
    return building.build_all(made, made.tables_of(None, domain), None, None, named=False)


def ask_all(out: Out, lake: Lake, today: date) -> list[Answer]:
    """Ask the demo's questions as if on this day, and store the answers together."""
    from nlq.demo import QUESTIONS
    from nlq.opening import open_answerer
    from nlq.storage.store import store_answers

    with building.waiting(out, "asking"), out.quietly():
        answerer = open_answerer(lake)
        now = datetime.combine(today, datetime.min.time())
        answers = [answerer.ask(question, now=now, asked_by="demo") for question in QUESTIONS]
        store_answers(lake, answers, "asklake-demo")
    return answers


def print_answers(out: Out, answers: Sequence[Answer]) -> None:
    """Every question with its answer."""
    from lakehouse_assets.commands.questions import show

    out.heading("Questions")
    for number, answer in enumerate(answers, start=1):
        out.say()
        out.say(f"{number}. {answer.question}", style="cyan")
        show(out, answer, limit=8)


def print_refused(out: Out, lake: Lake) -> list[dict[str, Any]]:
    """What is in quarantine, by reason."""
    from lakehouse_assets.commands.quarantine import groups_of

    groups = groups_of(lake)
    out.heading("Quarantine")
    out.table(
        ("source", "column", "reason", "records"),
        [(g["source"], g["column"], g["reason"], g["records"]) for g in groups],
    )
    return groups
