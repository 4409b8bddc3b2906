"""`asklake ingest`: files into bronze, by the same job that the landing folder's sensor launches.

Belongs here: what is told of each file. Does not belong here: reading files (ingest), or refused records
(quarantine.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.building import Builder, Step, as_document, builder, print_errors, stop_if_failed
from lakehouse_assets.commands.output import Out, seconds

if TYPE_CHECKING:
    from lakehouse_assets.commands.orchestrator import Ran
    from lakehouse_assets.ingest.landing import LandingFile
    from lakehouse_assets.lakehouse.lake import Lake


@dataclass(frozen=True)
class FileOutcome:
    """What became of one file; the rows of a file loaded before are those of that load."""

    file: str
    outcome: str
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    first_day: date | None = None
    last_day: date | None = None
    load_id: str = ""


def ingest(out: Out, files: Sequence[str], source: str | None, mapping: Path | None, tenant: str | None) -> None:
    """Load files with one source, or a folder whose sub-folders are named like sources."""
    from lakehouse_assets.ingest.sources import find_source
    from lakehouse_assets.ingest.streams import expand

    groups = _folder_of_sources(files) if source is None and mapping is None else {}
    name = "" if groups else find_source(source, mapping).name
    paths = [] if groups else expand([_absolute(f) for f in files])
    with builder(out) as made:
        if groups:
            ran, outcomes = load_folder(made, _absolute(files[0]), groups, tenant=tenant)
        else:
            ran, outcomes = load_files(made, paths, name, mapping=mapping, tenant=tenant)
    print_files(out, outcomes)
    print_errors(out, [ran])
    print_next(out, outcomes)
    out.emit({"files": [vars(o) for o in outcomes], "run": as_document(ran)})
    stop_if_failed([ran])


def _folder_of_sources(files: Sequence[str]) -> Mapping[str, Sequence[LandingFile]]:
    """The files of the one folder that was named, by source, if any of its sub-folders is called like a source."""
    from lakehouse_assets.ingest.landing import laid_out
    from lakehouse_assets.ingest.sources import all_sources

    if len(files) != 1 or not ("://" in files[0] or Path(files[0]).is_dir()):
        return {}
    groups = laid_out(_absolute(files[0]))
    return groups if groups.keys() & all_sources().keys() else {}


def load_folder(
    made: Builder, folder: str, groups: Mapping[str, Sequence[LandingFile]], *, tenant: str | None = None
) -> tuple[Ran, list[FileOutcome]]:
    """Load a folder laid out like the landing folder, whose files by source are given, in one run.

    Raises:
        SourceError: a sub-folder is not called like any source.
    """
    from lakehouse_assets.ingest.sources import find_source

    paths = [file.path for files in groups.values() for file in files]
    targets = [find_source(name).target for name in groups]
    return _load(made, paths, targets, {"folder": folder, "tenant": tenant or ""})


def load_files(
    made: Builder, paths: Sequence[str], source: str, *, mapping: Path | None = None, tenant: str | None = None
) -> tuple[Ran, list[FileOutcome]]:
    """Load files of one source, in one run."""
    from lakehouse_assets.ingest.sources import find_source

    config = {
        "files": list(paths),
        "source": source,
        "tenant": tenant or "",
        "mapping": str(mapping.absolute()) if mapping else "",
    }
    return _load(made, paths, [find_source(source, mapping).target], config)


def _load(
    made: Builder, paths: Sequence[str], targets: Sequence[str], config: dict[str, Any]
) -> tuple[Ran, list[FileOutcome]]:
    """A run of the tables that loads into these write, and of no other."""
    from lakehouse_assets.assets.bronze import OP
    from lakehouse_assets.automation.jobs import INGEST
    from lakehouse_assets.ingest.contracts import written_by_loads_into

    tables = dict.fromkeys(table for target in targets for table in written_by_loads_into(target))
    ran = made.run(Step("platform", INGEST, tuple(tables)), config={"ops": {OP: {"config": config}}})
    return ran, file_outcomes(made.lake, paths, ran)


def file_outcomes(lake: Lake, paths: Sequence[str], ran: Ran) -> list[FileOutcome]:
    """What a run did with each file, from the notes that it published with the rows."""
    notes = {note["source_file"]: note for note in _notes_of(lake, ran.run_id)}
    other = "already loaded" if ran.success else "not loaded"
    return [
        FileOutcome(
            path, "loaded", note["rows_read"], note["rows_loaded"], note["rows_quarantined"], note["first_day"],
            note["last_day"], note["load_id"],
        )
        if (note := notes.get(path))
        else FileOutcome(path, other)
        for path in paths
    ]  # fmt: skip


def _notes_of(lake: Lake, run_id: str) -> list[dict[str, Any]]:
    from lakehouse_assets.ingest.contracts import LOADS
    from lakehouse_assets.lakehouse.publication import PUBLICATION_ID, RUN_ID

    if LOADS.identifier not in lake.catalog.heads():
        return []
    snapshots = lake.catalog.load_table(LOADS.identifier).metadata.snapshots
    summaries = [dict(s.summary.additional_properties) for s in snapshots if s.summary]
    publications = [s[PUBLICATION_ID] for s in summaries if s.get(RUN_ID) == run_id]
    if not publications:
        return []
    marks = ", ".join("?" for _ in publications)
    with lake.session() as session:
        return session.query(
            f"select * from {LOADS.identifier} where publication_id in ({marks})", publications
        ).to_pylist()


def _absolute(file: str) -> str:
    return file if "://" in file else str(Path(file).absolute())


def print_files(out: Out, outcomes: Sequence[FileOutcome]) -> None:
    """A line per file."""
    out.table(
        ("file", "outcome", "read", "loaded", "quarantined", "first day", "last day"),
        [
            (Path(o.file).name, o.outcome, o.rows_read, o.rows_loaded, o.rows_quarantined, o.first_day, o.last_day)
            for o in outcomes
        ],
    )


def print_next(out: Out, outcomes: Sequence[FileOutcome]) -> None:
    """What to do after a load."""
    if any(o.rows_loaded for o in outcomes):
        out.say("Next: `asklake materialize` brings the new days into silver, gold and the semantic tables.")
    if any(o.rows_quarantined for o in outcomes):
        out.say("`asklake quarantine list` says what was wrong with the records left out.")


def print_ran(out: Out, label: str, ran: Ran) -> None:
    """A finished run in one line."""
    out.say(f"{label}: {'done' if ran.success else 'FAILED'} in {seconds(ran.seconds)}")
