"""`asklake ingest`: files, or what a source fetches, into bronze, by the same job that sensors launch.

Belongs here: what is told of each file. Does not belong here: reading files (ingest), or refused records
(quarantine.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean
from lakehouse_assets.commands.lake.building import Builder, Step, builder
from lakehouse_assets.commands.lake.outcomes import as_document, print_errors
from lakehouse_assets.commands.output import Out
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID, RUN_ID

if TYPE_CHECKING:
    from lakehouse_assets.commands.lake.orchestrator import Ran
    from lakehouse_assets.ingest.files.landing import LandingFile
    from lakehouse_assets.lakehouse.lake import Lake

LOADED_NOW, QUARANTINED = "loaded", "quarantined"
"""Outcomes of files that were read: some of the records are in the table, or none."""


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
    problem: str = ""
    earlier: tuple[str, ...] = ()
    """Loads of the same content by another mapping, whose rows this load's are newer than."""


def ingest(
    out: Out, files: Sequence[str], source: str | None, mapping: Path | None, tenant: str | None, *, anew: bool = False
) -> None:
    """Load files with one source, a folder whose sub-folders are named like sources, or what a source fetches."""
    from lakehouse_assets.ingest.files.streams import expand
    from lakehouse_assets.ingest.loads.staging import refuse_unusable
    from lakehouse_assets.ingest.sources import find_source

    if not files:
        _fetch(out, source, mapping, tenant, anew=anew)
        return
    if anew:
        raise CommandError("files are not loaded anew", "name no files, and a source that follows a table", Exit.USAGE)
    groups = _folder_of_sources(files) if source is None and mapping is None else {}
    if not groups and source is None and mapping is None:
        raise CommandError(
            "say how the files are to be read",
            "give --source NAME or --mapping FILE; `asklake new-domain NAME --from FILE` drafts a source for new data",
            Exit.USAGE,
        )
    name = ""
    if not groups:
        known = find_source(source, mapping)
        if known.fetches:
            raise CommandError(f"source '{known.name}' fetches its records by itself", "name no files", Exit.USAGE)
        refuse_unusable(known, tenant)
        name = known.name
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
    _stop(ran, outcomes)


def _fetch(out: Out, name: str | None, mapping: Path | None, tenant: str | None, *, anew: bool) -> None:
    """Load what a source of a database has that is new."""
    from lakehouse_assets.ingest.loads.staging import refuse_unusable
    from lakehouse_assets.ingest.sources import find_source

    if name is None and mapping is None:
        hint = "name files, or with --source NAME a source that fetches them by itself"
        raise CommandError("there is nothing to load", hint, Exit.USAGE)
    source = find_source(name, mapping)
    if not source.fetches:
        raise CommandError(f"source '{source.name}' reads files", "name the files to load", Exit.USAGE)
    refuse_unusable(source, tenant)
    config = {**_config(source.name, mapping, tenant), "anew": anew}
    with builder(out) as made:
        ran = _run(made, [source.target], config)
        outcomes = file_outcomes(made, None, ran)
    print_files(out, outcomes)
    print_errors(out, [ran])
    if ran.success and not outcomes:
        out.say("Nothing new: every row was loaded before.")
    print_next(out, outcomes)
    out.emit({"files": [vars(o) for o in outcomes], "run": as_document(ran)})
    _stop(ran, outcomes)


def _stop(ran: Ran, outcomes: Sequence[FileOutcome]) -> None:
    """End the command with the exit code of what became of the files."""
    from lakehouse_assets.assets.bronze import LOADED

    by_audit = any(c.blocking and c.check != LOADED for c in ran.checks)
    emptied = any(o.outcome == QUARANTINED for o in outcomes)
    if not ran.success:
        raise typer.Exit(int(Exit.REFUSED if by_audit or emptied else Exit.FAILED))
    if any(c.check == LOADED and not c.passed for c in ran.checks):
        raise typer.Exit(int(Exit.FAILED))


def _folder_of_sources(files: Sequence[str]) -> Mapping[str, Sequence[LandingFile]]:
    """The files of the one folder that was named, by source, if any of its sub-folders is called like a source."""
    from lakehouse_assets.ingest.files.landing import laid_out
    from lakehouse_assets.ingest.sources import all_sources

    if len(files) != 1 or not ("://" in files[0] or Path(files[0]).is_dir()):
        return {}
    groups, known = laid_out(_absolute(files[0])), sorted(all_sources())
    if groups and not groups.keys() & set(known):
        named = "; ".join(f"'{name}'{did_you_mean(name, known)}" for name in sorted(groups))
        raise CommandError(
            f"no folder in {files[0]} is named like a source: {named}",
            f"name them like one of {', '.join(known)}, or say how all the files are read with --source or --mapping",
            Exit.USAGE,
        )
    return groups


def load_folder(
    made: Builder, folder: str, groups: Mapping[str, Sequence[LandingFile]], *, tenant: str | None = None
) -> tuple[Ran, list[FileOutcome]]:
    """Load a folder laid out like the landing folder, whose files by source are given, in one run.

    A sub-folder that is not called like any source is told of, and holds up no other.
    """
    from lakehouse_assets.ingest.sources import all_sources

    known = all_sources()
    paths = [file.path for name, files in groups.items() if name in known for file in files]
    targets = [known[name].target for name in groups if name in known]
    return _load(made, paths, targets, {"folder": folder, "tenant": tenant or ""})


def load_files(
    made: Builder, paths: Sequence[str], source: str, *, mapping: Path | None = None, tenant: str | None = None
) -> tuple[Ran, list[FileOutcome]]:
    """Load files of one source, in one run."""
    from lakehouse_assets.ingest.sources import find_source

    config = {"files": list(paths), **_config(source, mapping, tenant)}
    return _load(made, paths, [find_source(source, mapping).target], config)


def _config(source: str, mapping: Path | None, tenant: str | None) -> dict[str, Any]:
    return {"source": source, "tenant": tenant or "", "mapping": str(mapping.absolute()) if mapping else ""}


def _load(
    made: Builder, paths: Sequence[str], targets: Sequence[str], config: dict[str, Any]
) -> tuple[Ran, list[FileOutcome]]:
    ran = _run(made, targets, config)
    return ran, file_outcomes(made, paths, ran)


def _run(made: Builder, targets: Sequence[str], config: dict[str, Any]) -> Ran:
    """A run of the tables that loads into these write, and of no other."""
    from lakehouse_assets.assets.bronze import OP
    from lakehouse_assets.automation.jobs import INGEST
    from lakehouse_assets.ingest.contracts import written_by_loads_into

    tables = dict.fromkeys(table for target in targets for table in written_by_loads_into(target))
    return made.run(Step("platform", INGEST, tuple(tables)), config={"ops": {OP: {"config": config}}})


def file_outcomes(made: Builder, paths: Sequence[str] | None, ran: Ran) -> list[FileOutcome]:
    """What a run did with each file: from the notes it published with the rows, and from what it told of the others.

    Without paths, what it did with all that it found by itself.
    """
    notes = {note["source_file"]: note for note in _notes_of(made.lake, ran.run_id)}
    told = _told_by(made, ran.run_id)
    of_file = {document["file"]: document for document in told}
    if paths is None:
        paths = list(dict.fromkeys([*notes, *(file for file in of_file if file)]))
    other = "already loaded" if ran.success else "not loaded"
    outcomes = [
        _loaded(path, notes[path], of_file.get(path, {}))
        if path in notes
        else _not_loaded(path, of_file.get(path, {"outcome": other}))
        for path in paths
    ]
    return outcomes + [_not_loaded("", document) for document in told if not document["file"]]


def _loaded(path: str, note: Mapping[str, Any], told: Mapping[str, Any]) -> FileOutcome:
    outcome = QUARANTINED if note["rows_read"] and not note["rows_loaded"] else LOADED_NOW
    return FileOutcome(
        path, outcome, note["rows_read"], note["rows_loaded"], note["rows_quarantined"], note["first_day"],
        note["last_day"], note["load_id"], earlier=tuple(told.get("earlier", ())),
    )  # fmt: skip


def _not_loaded(path: str, told: Mapping[str, Any]) -> FileOutcome:
    return FileOutcome(
        path, told["outcome"], told.get("rows_read", 0), told.get("rows_loaded", 0), told.get("rows_quarantined", 0),
        _day(told.get("first_day")), _day(told.get("last_day")), told.get("load_id", ""), told.get("problem", ""),
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _told_by(made: Builder, run_id: str) -> list[dict[str, Any]]:
    """What a run said of the files that it did not simply load."""
    import dagster as dg

    from lakehouse_assets.assets.bronze import FILES
    from lakehouse_assets.ingest.contracts import LOADS

    key = dg.AssetKey(LOADS.identifier.split("."))
    for record in made.instance.fetch_observations(key, limit=20).records:
        if record.run_id == run_id and record.asset_observation:
            found: Any = record.asset_observation.metadata[FILES].value
            return list(found)
    return []


def _notes_of(lake: Lake, run_id: str) -> list[dict[str, Any]]:
    from lakehouse_assets.ingest.contracts import LOADS

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
        ("file", "outcome", "read", "loaded", "quarantined", "first day", "last day", "load"),
        [
            (
                _short(o.file), o.outcome, o.rows_read, o.rows_loaded, o.rows_quarantined, o.first_day, o.last_day,
                o.load_id,
            )
            for o in outcomes
            if o.file
        ],
    )  # fmt: skip
    for outcome in outcomes:
        if not outcome.file:
            out.say(f"Passed over: {outcome.problem}", style="yellow")


def _short(file: str) -> str:
    """The name of a file; of what is none, its id."""
    from lakehouse_assets.ingest.origins.registry import kind_of

    return file if kind_of(file).scheme else Path(file).name


def print_next(out: Out, outcomes: Sequence[FileOutcome]) -> None:
    """What to do after a load."""
    for o in outcomes:
        if o.earlier:
            out.say(
                f"{_short(o.file)} had been loaded by another mapping, as {', '.join(o.earlier)}. Of copies of a "
                f"record the new ones count; `asklake unload {o.earlier[-1]}` takes the earlier load back altogether."
            )
    if any(o.outcome == LOADED_NOW for o in outcomes):
        out.say("Next: `asklake materialize` brings the new days into silver, gold and the semantic tables.")
    if any(o.outcome in (LOADED_NOW, QUARANTINED) and o.rows_quarantined for o in outcomes):
        out.say("`asklake quarantine list` says what was wrong with the records left out.")
