"""`asklake demo`: sample data of every domain through the whole lakehouse, and ten questions answered.

Belongs here: the order of the stages and what is told of them. Every stage is what a command of its own does.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.asking.questions import show
from lakehouse_assets.commands.lake import building, loading, outcomes
from lakehouse_assets.commands.lake.quarantine import groups_of
from lakehouse_assets.commands.output import Out, seconds
from lakehouse_assets.commands.workers import Workers
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.domains.pgr.questions import QUESTIONS
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.private import make_folder
from lakehouse_assets.settings import get_settings
from nlq.factory import open_answerer

if TYPE_CHECKING:
    from lakehouse_assets.commands.lake.building import Builder
    from lakehouse_assets.commands.lake.orchestrator import Ran
    from lakehouse_assets.domains.sampling import SampleSummary
    from lakehouse_assets.lakehouse.contract import MadeBy
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.answering.answer import Answerer
    from nlq.answering.document.model import Answer

    Loaded = tuple[Ran, list[loading.FileOutcome]]

FILES = 2
"""Files per source, so that some records come late; a load costs half a second however small its file is."""
SPINE = "platform"
"""The domain whose tables the others' semantic tables read."""
_LAST_DAY = "last_day"
_PATH = ("source .venv/bin/activate", "puts the asklake command on your path")
_NEXT = (
    ("make dev", "the chat page at http://127.0.0.1:8000, and Dagit at http://127.0.0.1:3000"),
    ('asklake ask "top 5 wards by open complaints"', "a question of yours"),
    ("asklake catalog", "what can be asked"),
    ("asklake status", "every table, how fresh it is, and what to do next"),
    ("asklake quarantine list", "what was refused, and why"),
)


@dataclass
class Done:
    """What became of the samples: their files, the runs of each domain, and the semantic tables still being built."""

    files: list[loading.FileOutcome] = field(default_factory=list)
    runs_of: dict[str, list[Ran]] = field(default_factory=dict)
    under_way: dict[Future[list[Ran]], str] = field(default_factory=dict)

    @property
    def runs(self) -> list[Ran]:
        """All runs, domain by domain."""
        return [ran for runs in self.runs_of.values() for ran in runs]


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
    settings = get_settings()
    clock, started = Clock(), time.perf_counter()
    folder = settings.home / "sample"
    last_day = until or last_day_of(folder) or datetime.now(UTC).date() - timedelta(days=1)
    out.say("Sample data of every domain, through the whole lakehouse", style="bold")
    with Workers(len(DOMAINS)) as workers:
        with clock.stage("parse the dbt project"), building.waiting(out, "parsing the dbt project"), out.quietly():
            manifest.ensure(settings)
        with clock.stage("make the samples"), building.waiting(out, "making the samples"):
            samples = write_samples(folder, size, days, last_day)
        with clock.stage("bronze, silver, gold"):
            spine, loads = load_all(workers, samples, folder)
            # What it imports takes a second, in which the workers' server is still importing, too.

            lake = Lake(settings)
            answerer = open_answerer(lake)
            done = build_all_loaded(out, workers, spine, loads)
        with clock.stage("semantic tables, ten questions"):
            # Of which the questions need none: they are answered from gold.
            answers = ask_all(out, lake, answerer, last_day + timedelta(days=1))
            _, refused = groups_of(lake)
            tell_rest(out, done)
            done.runs_of[SPINE] += tell_all(out, workers.submit(build_python).result())
            # What tells of the platform is made from all that came before.
            done.runs_of[SPINE] += tell_all(out, workers.submit(build_layers, SPINE, "dbt").result())

    outcomes.print_audit(out, [c for ran in done.runs for c in ran.checks])
    outcomes.print_errors(out, done.runs)
    print_refused(out, refused)
    print_answers(out, answers)
    # Imports are in no stage; they are what remains.
    clock.stages["in all"] = time.perf_counter() - started
    out.heading("Time")
    out.table(("stage", "seconds"), list(clock.stages.items()))
    out.heading("Next")
    on_path = shutil.which("asklake")
    for command, what in _NEXT if on_path else (_PATH, *_NEXT):
        out.say(f"  {command:<48} {what}")
    out.emit(
        {
            "files": [vars(file) for file in done.files],
            "runs": [outcomes.as_document(ran) for ran in done.runs],
            "quarantined": refused,
            "answers": [a.model_dump(mode="json") for a in answers],
            "seconds": {k: round(v, 2) for k, v in clock.stages.items()},
        }
    )
    outcomes.stop_if_failed(done.runs)


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
    make_folder(folder)
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


def load_all(
    workers: Workers, domains: Iterable[str], folder: Path
) -> tuple[Future[list[Ran]], dict[Future[Loaded], str]]:
    """Let the workers build what the domains share, and load each domain's files.

    The largest domain comes first, for what is built last should be small: the others have nothing to do meanwhile.
    """
    spine = workers.submit(build_layers, SPINE, "dbt")
    ordered = sorted(domains, key=lambda domain: _bytes_in(folder / domain), reverse=True)
    return spine, {workers.submit(load_sample, folder / domain): domain for domain in ordered}


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def build_all_loaded(out: Out, workers: Workers, spine: Future[list[Ran]], loads: Mapping[Future[Loaded], str]) -> Done:
    """Build each domain once it is loaded, and tell of each.

    The tables are one piece of work and the semantic ones over them another: small pieces at the end let no process
    wait long for the last of the others. They are under way when this returns.
    """
    done, models = Done(), {}
    with building.waiting(out, "loading and building every domain"):
        done.runs_of = {SPINE: tell_all(out, spine.result()), **{domain: [] for domain in sorted(loads.values())}}
        for loaded in as_completed(loads):
            (load, brought), domain = loaded.result(), loads[loaded]
            out.say(f"ingest {domain}: {len(brought)} files in {seconds(load.seconds)}")
            done.runs_of[domain].append(load)
            done.files += brought
            models[workers.submit(build_layers, domain, "dbt")] = domain
        for built in as_completed(models):
            done.runs_of[models[built]] += tell_all(out, built.result())
            done.under_way[workers.submit(build_layers, models[built], "saved_query")] = models[built]
    done.files.sort(key=lambda file: file.file)
    return done


def tell_rest(out: Out, done: Done) -> None:
    """Wait for what is under way, and tell of it."""
    with building.waiting(out, "building semantic tables"):
        for built in as_completed(done.under_way):
            done.runs_of[done.under_way[built]] += tell_all(out, built.result())


def tell_all(out: Out, runs: list[Ran]) -> list[Ran]:
    """Tell of some runs."""
    return [building.tell(out, ran) for ran in runs]


def load_sample(made: Builder, folder: Path) -> Loaded:
    """Load the sample of a domain."""
    from lakehouse_assets.ingest.files.landing import laid_out

    named = str(folder.absolute())
    return loading.load_folder(made, named, laid_out(named))


def build_layers(made: Builder, domain: str, maker: MadeBy) -> list[Ran]:
    """Build the tables of a domain that dbt makes, or saved queries over them.

    Until now: no feed will bring what a sample lacks, and Dagit would show it as missing.
    """
    tables = building.made_by(made, made.tables_of(None, domain), maker)
    return building.build_all(made, tables, None, None, named=False, pad=True)


def build_python(made: Builder) -> list[Ran]:
    """Build the tables that Python makes, of whichever domain."""
    found = building.made_by(made, made.tables_of(None, None), "python")
    # What may come later than anything else is made by the daemon, once it runs.
    tables = [table for table in found if not made.python_tables[table].at_most]
    return building.build_all(made, tables, None, None, named=True)


def ask_all(out: Out, lake: Lake, answerer: Answerer, today: date) -> list[Answer]:
    """Ask the demo's questions as if on this day, and store the answers together."""
    from nlq.storage.store import store_answers

    with building.waiting(out, "asking"), out.quietly():
        now = datetime.combine(today, datetime.min.time())
        answers = [answerer.ask(question, now=now, asked_by="demo") for question in QUESTIONS]
        store_answers(lake, answers, "asklake-demo")
    return answers


def print_answers(out: Out, answers: Sequence[Answer]) -> None:
    """Every question with its answer."""
    out.heading("Questions")
    for number, answer in enumerate(answers, start=1):
        out.say()
        out.say(f"{number}. {answer.question}", style="cyan")
        show(out, answer, limit=8)


def print_refused(out: Out, groups: Sequence[Mapping[str, Any]]) -> None:
    """What is in quarantine, by reason."""
    out.heading("Quarantine")
    out.table(
        ("source", "column", "reason", "records"),
        [(g["source"], g["column"], g["reason"], g["records"]) for g in groups],
    )
