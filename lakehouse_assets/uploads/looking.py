"""What is in a file that was sent: which sources fit it, what a new one would be, and its first records as loaded.

Belongs here: looking, by the readers and mappings that load. Does not belong here: jobs, or drafting itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from shlex import quote
from typing import TYPE_CHECKING

from lakehouse_assets import adopted
from lakehouse_assets.apart import is_of_memory
from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.design import design
from lakehouse_assets.drafting.profile import profile_of_file
from lakehouse_assets.drafting.samples.sampling import RECORDS, Sample, read_sample
from lakehouse_assets.ingest.errors import IngestError, SourceError
from lakehouse_assets.ingest.faults import for_senders, of_file
from lakehouse_assets.ingest.loads.notes import Stamp
from lakehouse_assets.ingest.loads.staging import check_mapping, engine_for, of_load, target_contract
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.mapping.targets import TECHNICAL, refuse_undecided
from lakehouse_assets.ingest.origins.files import UPLOADED, FileOrigin
from lakehouse_assets.ingest.sources import Source, accepted_sources, all_sources
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.zones import NO_ZONE
from lakehouse_assets.profiling.compute import profile_of, small
from lakehouse_assets.uploads.jobs import Draft, DraftColumn, Fit, Job, Jobs, Problem

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from lakehouse_assets.lakehouse.contract import Column, Contract
    from lakehouse_assets.profiling.model import Profile
    from lakehouse_assets.settings import Settings

ROWS = 100
"""Records that are looked at as they would be loaded."""
MOST_TEXT = 500
"""Characters of a value, a reason or a record that are shown."""
TRIED, TOLD = 3, 10
"""Sources that are tried on a file, and told of, at most."""
SAMPLED = 2_000
MOST_DRAFTED = 300
"""Fields of a file that a source is drafted for: each takes some 40 ms, which others wait for."""
JSON = ("json", "ndjson")


@dataclass(frozen=True)
class Fault:
    """A record that would go to quarantine: its number from 1, why, and its text."""

    record: int | None
    column: str | None
    reason: str
    text: str


@dataclass(frozen=True)
class Preview:
    """The first records as they would be loaded.

    Attributes:
        columns: Name, type and description of each column.
        rows: The values of each row as texts; None where there is none.
        numbers: The record, from 1, that each row is from.
        records: How many records were looked at.
        faults: Those that would go to quarantine.
    """

    columns: Sequence[tuple[str, str, str]]
    rows: Sequence[Sequence[str | None]]
    numbers: Sequence[int]
    records: int
    faults: Sequence[Fault]


@contextmanager
def _first_rows(
    settings: Settings, mapping: RecordMapping, origin: FileOrigin, most: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The first records of a file, as `first_records`, and what a source makes of them, as `previewed`.

    Raises:
        IngestError: the source cannot read the file.
        SourceError: the source's expressions cannot be used.
    """
    with engine_for(settings, mapping.source) as con:
        check_mapping(con, mapping)
        try:
            records = origin.open(mapping, settings.scratch_dir)
            relation = of_load(records.relation(con), Stamp("preview", datetime.now(UTC).replace(tzinfo=None)))
            with records.errors():
                con.execute(f"create temp table first_records as select * from {relation} limit {most}")
            con.execute(f"create temp table previewed as {mapping.rows('first_records')}")
        except Exception as error:
            raise of_file(origin.id, error) from error
        yield con


def preview(settings: Settings, mapping: RecordMapping, origin: FileOrigin, most: int = ROWS) -> Preview:
    """The first records of a file as a source would load them for a tenant; nothing is loaded.

    Raises:
        IngestError: the source cannot read the file.
        SourceError: the source cannot be used for the tenant.
    """
    with _first_rows(settings, mapping, origin, most) as con:
        shown = _shown(mapping)
        texts = ", ".join(f"left(cast({quoted(c.name)} as varchar), {MOST_TEXT})" for c in shown)
        rows = con.execute(
            f"select source_row, {texts} from previewed where not _rejected order by source_row"
        ).fetchall()
        rejects = mapping.rejects("(select * from previewed where _rejected)")
        faults = con.execute(
            f"select source_row, column_name, left(reason, {MOST_TEXT}), left(raw_text, {MOST_TEXT}) from ({rejects}) "
            "order by source_row"
        ).fetchall()
        ((count,),) = con.execute("select count(*) from first_records").fetchall()
    return Preview(
        [(c.name, c.type, c.description) for c in shown], [row[1:] for row in rows], [row[0] for row in rows], count,
        [Fault(*fault) for fault in faults],
    )  # fmt: skip


def _shown(mapping: RecordMapping) -> list[Column]:
    return [c for c in mapping.contract.columns if c.name not in TECHNICAL]


def profile(settings: Settings, source: Source, origin: FileOrigin, tenant: str | None) -> Profile:
    """What the rows are like that a source makes of the first records of a file; those it refuses do not count.

    Raises:
        IngestError: the source cannot read the file.
        SourceError: the source cannot be used for the tenant.
    """
    mapping = mapping_of(source, tenant, zone=settings.time_zone)
    with _first_rows(settings, mapping, origin, RECORDS) as con:
        columns = ", ".join(quoted(c.name) for c in _shown(mapping))
        rows = f"(select {columns} from previewed where not _rejected)"
        found = profile_of(rows, lambda sql: small(con.execute(sql)), DIALECT)
        ((count,),) = con.execute("select count(*) from first_records").fetchall()
    return found.model_copy(update={"more": count >= RECORDS})


def mapping_of(
    source: Source, tenant: str | None, contract: Contract | None = None, *, zone: str = NO_ZONE
) -> RecordMapping:
    """How records of a file that a tenant sent become rows.

    Args:
        source: The source.
        tenant: Whose the records are.
        contract: That of its table, where it is not declared yet.
        zone: The time zone that days are of.

    Raises:
        SourceError: the source is a draft, does not fit its table, or needs a tenant.
    """
    read_as = UPLOADED.as_read(source)
    refuse_undecided(read_as, tenant)
    return RecordMapping(
        read_as, contract or target_contract(read_as), zone=zone, tenant=tenant, bound=UPLOADED.is_bound
    )


def previewed(settings: Settings, job: Job, source: Source) -> Preview | Problem:
    """The first records of a job's file as a source would load them, or why it cannot; see `preview`."""
    adopted.use(settings)
    try:
        origin = Jobs(settings).origin(job, encoding=source.encoding)
        return preview(settings, mapping_of(source, job.tenant, zone=settings.time_zone), origin)
    except (IngestError, SourceError) as error:
        return told(error, settings)


def profiled(settings: Settings, job: Job, source: Source | None) -> Profile | Problem:
    """What a job's file is like: as a source loads it, or without one as `asklake profile` reads it; or why not."""
    adopted.use(settings)
    jobs = Jobs(settings)
    try:
        if source:
            found = profile(settings, source, jobs.origin(job, encoding=source.encoding), job.tenant)
        else:
            found = profile_of_file(str(jobs.content(job.id)))
    except (IngestError, SourceError) as error:
        return told(error, settings)
    return found.model_copy(update={"table": job.name})


def told(error: IngestError | SourceError, settings: Settings) -> Problem:
    """An error in words; one of memory is raised again, for it ends the process."""
    if is_of_memory(error):
        raise error
    return problem_of(error, settings)


@dataclass(frozen=True)
class Found:
    """What a look at a file found: the sources that fit, the best first, and a draft, or why there is none, else."""

    fits: Sequence[Fit]
    draft: Draft | None = None
    problem: Problem | None = None


def look(
    settings: Settings, path: Path, name: str, tenant: str | None, origin: Callable[[Source], FileOrigin]
) -> Found:
    """See which sources fit a file; the best are tried on its first records.

    Args:
        settings: The settings.
        path: Where the file lies.
        name: As people call it.
        tenant: Whose its records are.
        origin: Opens the file for a source.

    Raises:
        IngestError: it is nothing with records.
    """
    sample = read_sample(str(path), SAMPLED)
    sources = all_sources() | accepted_sources()
    known = {name: mapping for name, source in sources.items() if (mapping := _usable(source, tenant))}
    fits = sorted((_fit(mapping, sample) for mapping in known.values()), key=lambda fit: (-fit.score, fit.source))
    told = [fit for fit in fits if fit.score > 0][:TOLD]
    candidates = [fit for fit in told if not fit.missing][:TRIED]
    tried = {fit.source: try_out(settings, known[fit.source].source, fit, tenant, origin) for fit in candidates}
    told = sorted((tried.get(fit.source, fit) for fit in told), key=lambda fit: (-(fit.good or 0), -fit.score))
    if any(fit.good for fit in told):
        return Found(told)
    if (fields := len(sample.fields)) > MOST_DRAFTED:
        message = (
            f"No source fits the file, and of {fields:,} fields none is drafted here, but of {MOST_DRAFTED} at most."
        )
        after = "Whoever runs the lake makes a source of it: `asklake new-domain NAME --from FILE`."
        return Found(told, problem=Problem(message=message, next=after))
    return Found(told, _draft(path, name))


def try_out(
    settings: Settings, source: Source, fit: Fit, tenant: str | None, origin: Callable[[Source], FileOrigin]
) -> Fit:
    """How many of the first records a source loads."""
    try:
        found = preview(settings, mapping_of(source, tenant, zone=settings.time_zone), origin(source))
    except (IngestError, SourceError) as error:
        if is_of_memory(error):
            raise
        return fit.model_copy(update={"good": 0, "problem": problem_of(error, settings).message})
    return fit.model_copy(update={"good": found.records - len({fault.record for fault in found.faults})})


def _usable(source: Source, tenant: str | None) -> RecordMapping | None:
    try:
        return mapping_of(source, tenant)
    except SourceError:
        return None


def _fit(mapping: RecordMapping, sample: Sample) -> Fit:
    source = mapping.source
    wanted = set(source.fields)
    have = {path[0] for path in sample.paths.values()} if sample.paths else set(sample.fields)
    if sample.format == "csv" and source.format == "csv" and source.names and len(source.names) == len(sample.fields):
        have = set(source.names)  # the source names the fields, whatever they are called in the file
    same = source.format == sample.format or (source.format in JSON and sample.format in JSON)
    both = wanted & have
    score = len(both) / len(wanted | have) if same and wanted else 0.0
    missing = sorted(wanted - have - mapping.optional)
    return Fit(source=source.name, description=source.description, score=round(score, 3), missing=missing)


def _draft(path: Path, name: str) -> Draft:
    called = naming.snake(name.partition(".")[0])
    if not naming.is_valid(called) or called in naming.reserved():
        called = "new_data"
    made = design(called, [str(path)])
    (feed,) = made.feeds
    key = set() if feed.occurrence else set(feed.key)
    columns = [
        DraftColumn(
            name=c.name, type=c.type, description=c.description, field=c.finding.field if c.finding else "",
            in_key=bool(c.finding) and feed.sample.expression(c.finding.field) in key,
        )
        for c in feed.columns
    ]  # fmt: skip
    day = feed.time or feed.day
    return Draft(
        name=called, format=feed.sample.format, columns=columns, key=[] if feed.occurrence else list(feed.key),
        undecided=list(feed.questions), confirm=list(feed.sample.questions), date_order=feed.undecided_dates,
        decimal_sign=feed.undecided_signs, day=day.finding.field if day.finding else "", tenant_field=feed.tenant,
        next="Accept it to have the file loaded now, into a table of its own. Questions about it take tables and "
        "models, which a service takes in when it starts: whoever runs the lake makes them with these commands.",
        commands=[f"asklake new-domain {called} --from {quote(name)}", *made.next_commands([name])],
    )  # fmt: skip


def problem_of(error: Exception, settings: Settings) -> Problem:
    """An error for the sender of a file: without the place where it lies, or that of sources."""
    line = None
    if isinstance(error, IngestError):
        text, after, line = error.problem, error.hint or "Mend the file and send it again.", error.line
    elif isinstance(error, SourceError):
        text, after = str(error), "Choose another source, or have this one mended."
    else:
        text, after = str(error), "Nothing was loaded; mend the file and send it again."
    text = for_senders(text, settings)
    return Problem(message=text[:1].upper() + text[1:], next=for_senders(after, settings), line=line)
