"""Bronze: one multi-asset that loads records, their quarantine and the note of what was loaded together.

Belongs here: launching loads and reporting them. Does not belong here: reading (ingest) or noticing that it is time
(automation.sensors).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from lakehouse_assets.assets.metadata.checks import contract_check_specs, contract_results, evaluated
from lakehouse_assets.assets.metadata.specs import asset_key, audited_metadata, published_metadata, spec_of
from lakehouse_assets.assets.steps.factory import makes_tables
from lakehouse_assets.assets.steps.resources import Lakehouse, LakeResource
from lakehouse_assets.assets.steps.run_config import refuse_oversized
from lakehouse_assets.assets.steps.trying import RETRY, told
from lakehouse_assets.ingest.contracts import LOADS, QUARANTINE
from lakehouse_assets.ingest.files.allowed import Allowed
from lakehouse_assets.ingest.files.landing import SETTLE_SECONDS, group_by_source, look
from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from lakehouse_assets.ingest import LoadResult
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.audit import CheckOutcome
    from lakehouse_assets.lakehouse.publish.protocol import Published

OP = "load_files"
"""Name of the op in run configs; the job is ingest, and Dagster wants the two names to differ."""
RECONCILED = "files_reconcile_with_table"
LOADED = "files_are_loaded"
QUARANTINE_SHARE = "quarantine_share"
MAX_QUARANTINE_SHARE = 0.05
FILES = "files"
"""Label of what is observed of bronze.loads: the files of the run that were not simply loaded, each with the reason."""
TOLD = 10_000
"""Files that are told of one by one at most."""


@dataclass
class Outcome:
    """What became of the files of a run."""

    loads: "list[LoadResult]" = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Why folders were passed over: they are called like no source."""
    passed_over: list[str] = field(default_factory=list)
    still_empty: set[str] = field(default_factory=set)
    """Earlier loads of which every record is in quarantine as before."""

    @property
    def new(self) -> "list[LoadResult]":
        """Loads of this run."""
        return [r for r in self.loads if not r.already_loaded]

    @property
    def emptied(self) -> "list[LoadResult]":
        """Loads of which every record is in quarantine: what a file is does not change by loading it again."""
        return [r for r in self.loads if _is_empty(r) and (not r.already_loaded or r.load_id in self.still_empty)]

    @property
    def refused(self) -> dict[str, Exception]:
        """Why files were not loaded, by path; sources that cannot be used by a name in brackets."""
        from lakehouse_assets.ingest.loads.loader import SomeFilesFailedError

        found: dict[str, Exception] = {}
        for failure in self.failures:
            several = failure.errors if isinstance(failure, SomeFilesFailedError) else None
            found |= several or {getattr(failure, "file", "") or f"({len(found)})": failure}
        return found

    @property
    def problems(self) -> list[str]:
        """What a person should do something about, in words."""
        emptied = [
            f"{r.file}: all {r.rows_read} records are in quarantine; `asklake quarantine list --load {r.load_id}` says "
            "why"
            for r in self.emptied
        ]
        return [*map(str, self.failures), *emptied, *self.unknown]


def _is_empty(load: "LoadResult") -> bool:
    return bool(load.rows_read and not load.rows_loaded)


class IngestConfig(dg.Config):
    """What to load; a source that fetches its records by itself, or files; neither means the landing folder.

    Whoever launches a run chooses it, so it names files below the landing folder and `ASKLAKE_INGEST_FROM` only; that
    is not asked of a run that the `asklake` command makes in its own process.
    """

    files: list[str] = Field([], description="Paths, folders, globs or s3:// URLs.")
    folder: str = Field("", description="Folder or s3:// prefix whose sub-folders are named like sources.")
    source: str = Field("", description="Name of the source that the files are of, or that fetches by itself.")
    tenant: str = Field("", description="Tenant of all their records, where the records do not say it.")
    mapping: str = Field(
        "", description="Path of a sources.yml of your own that has the source; by `asklake ingest` only."
    )
    anew: bool = Field(False, description="Copy the table again whose changes the source follows.")


def bronze_assets(contracts: Mapping[str, Contract], *, by_operator: bool = False) -> dg.AssetsDefinition:
    """The multi-asset over every table that loads write.

    Args:
        contracts: Contract of every table, by identifier.
        by_operator: Whether who writes its run configs may read every file of this machine anyway.
    """
    bronze = {i: c for i, c in contracts.items() if c.made_by == "ingest"}

    @makes_tables(
        OP,
        [spec_of(c, kinds=["file"]) for c in bronze.values()],
        [spec for c in bronze.values() for spec in _check_specs(c)],
    )
    def ingest(context: dg.AssetExecutionContext, lakehouse: Lakehouse, config: IngestConfig) -> Iterator[Any]:
        with told(context):
            refuse_oversized(config, names=frozenset({"source", "tenant"}))
            outcome = _load(context, lakehouse, config, None if by_operator else Allowed.of(lakehouse.settings()))
            yield from _report(context, bronze, outcome)
            if outcome.failures or outcome.emptied:
                raise dg.Failure("\n".join(outcome.problems), allow_retries=_is_retried(context, outcome.failures))

    return ingest


def _check_specs(contract: Contract) -> list[dg.AssetCheckSpec]:
    key = asset_key(contract.identifier)
    specs = contract_check_specs(contract)
    if contract.identifier == LOADS.identifier:
        specs.append(
            dg.AssetCheckSpec(
                RECONCILED, asset=key, description="Every record of the files is in a table or in quarantine."
            )
        )
        whole = "Every file of a run was loaded, or had been before, and of none was every record refused."
        specs.append(dg.AssetCheckSpec(LOADED, asset=key, description=whole))
    if contract.identifier == QUARANTINE.identifier:
        share = f"At most {MAX_QUARANTINE_SHARE:.0%} of the records of a run were quarantined."
        specs.append(dg.AssetCheckSpec(QUARANTINE_SHARE, asset=key, description=share))
    return specs


def _load(
    context: dg.AssetExecutionContext, lakehouse: LakeResource, config: IngestConfig, allowed: Allowed | None
) -> Outcome:
    """Load what the config names, or what waits in the landing folder; what went wrong with one file stops no other.

    Where `allowed` is given, nothing else is read, looked for or told of.
    """
    from lakehouse_assets.ingest import SourceError, find_source, load
    from lakehouse_assets.ingest.faults import is_of_warehouse
    from lakehouse_assets.ingest.loads.fetching import fetch
    from lakehouse_assets.ingest.loads.loader import SomeFilesFailedError

    outcome = Outcome()
    for name, files in _batches(lakehouse, config, allowed, outcome):
        try:
            source = find_source(name, Path(config.mapping) if config.mapping else None)
        except SourceError as error:
            if config.source:
                outcome.failures.append(error)
            else:
                # Of one of several folders: no table is to blame.
                outcome.unknown.append(str(error))
            continue
        try:
            tenant, run_id = config.tenant or None, context.run.run_id
            if source.fetches:
                outcome.loads += fetch(lakehouse.lake, source, tenant=tenant, run_id=run_id, anew=config.anew)
            else:
                outcome.loads += load(lakehouse.lake, files, source, tenant=tenant, run_id=run_id)
        except SomeFilesFailedError as error:
            outcome.loads += error.results
            outcome.failures.append(error)
        except MemoryError:
            raise
        except Exception as error:
            outcome.failures.append(error)
            if is_of_warehouse(error):
                break
    for words in outcome.passed_over:
        context.log.warning(words)
    outcome.still_empty = _still_empty(lakehouse.lake, outcome.loads)
    return outcome


def _still_empty(lake: "Lake", loads: "Sequence[LoadResult]") -> set[str]:
    """Earlier loads without a row, of which none was loaded out of quarantine since."""
    from lakehouse_assets.ingest.loads.quarantine import count_quarantined

    empty = {r.load_id: r.rows_read for r in loads if r.already_loaded and _is_empty(r)}
    return {load_id for load_id, read in empty.items() if count_quarantined(lake, load_id=load_id)[0] == read}


def _is_retried(context: dg.AssetExecutionContext, failures: Sequence[Exception]) -> bool:
    """Whether to try again: what disks and servers did may pass, and nobody waits for a run that a sensor launched."""
    from lakehouse_assets.ingest.faults import is_of_warehouse

    waited_for = "dagster/sensor_name" not in context.run.tags
    return not waited_for and any(map(is_of_warehouse, failures)) and context.retry_number < RETRY.max_retries


def _batches(
    lakehouse: LakeResource, config: IngestConfig, allowed: Allowed | None, outcome: Outcome
) -> Iterator[tuple[str, list[str]]]:
    """The files to load, by the name of their source; those that may not be loaded are failures of the outcome."""
    for source, named in _named(lakehouse, config, allowed, outcome):
        files, refused = allowed.files(named) if allowed else (named, [])
        outcome.failures += refused
        if files or not named:
            yield source, files


def _named(
    lakehouse: LakeResource, config: IngestConfig, allowed: Allowed | None, outcome: Outcome
) -> list[tuple[str, list[str]]]:
    if config.mapping and allowed:
        words = "a run takes its source from the domains: `asklake ingest --mapping` loads with one of your own"
        raise dg.Failure(words, allow_retries=False)
    if config.files and not config.source:
        raise dg.Failure("files need a source: set `source` in the run config", allow_retries=False)
    if config.files or _fetches(config):
        return [(config.source, config.files)]
    if config.folder and allowed:
        allowed.check(config.folder)
    found = look(
        config.folder or lakehouse.settings().landing_root, settle_seconds=0 if config.folder else SETTLE_SECONDS
    )
    outcome.passed_over += found.passed_over
    return [(source, [f.path for f in files]) for source, files in group_by_source(found.files).items()]


def _fetches(config: IngestConfig) -> bool:
    """Whether the config names a source that fetches its records by itself."""
    from lakehouse_assets.ingest import SourceError, find_source

    if not config.source or config.folder:
        return False
    try:
        return find_source(config.source, Path(config.mapping) if config.mapping else None).fetches is not None
    except SourceError:
        return False


def _report(
    context: dg.AssetExecutionContext, bronze: Mapping[str, Contract], outcome: Outcome
) -> Iterator[dg.MaterializeResult | dg.Output[None] | dg.AssetCheckEvaluation]:
    """Tell Dagster what was loaded and what was refused; no table that got no row is told to be made."""
    selected = context.selected_asset_check_keys
    if observed := files_observed(outcome):
        context.log_event(
            dg.AssetObservation(asset_key(LOADS.identifier), metadata={FILES: dg.MetadataValue.json(observed)})
        )
    once = list({r.publication_id: r for r in outcome.new}.values())
    outcomes = [o for r in once for o in r.outcomes] + _refused(outcome)
    summed = _sums(outcomes)
    yield from evaluated(context, contract_results(summed, selected))
    yield from evaluated(context, (result for key, result in _run_checks(outcome).items() if key in selected))
    if not outcome.new and not outcome.failures and not outcome.unknown and not outcome.emptied:
        context.log.info("nothing new: all of it was loaded before")
        yield from evaluated(context, _unchanged(selected))
    for identifier in bronze:
        published = [p for r in once for p in r.published if p.identifier == identifier]
        if sum(p.rows for p in published) and asset_key(identifier) in context.selected_asset_keys:
            said = _metadata(published, outcome.new) | audited_metadata(identifier, summed)
            yield dg.MaterializeResult(asset_key=asset_key(identifier), metadata=said)


def files_observed(outcome: Outcome) -> list[dict[str, Any]]:
    """The files of a run that were not simply loaded, as documents."""
    known = [
        {
            "file": r.file, "outcome": "quarantined" if r.load_id in outcome.still_empty else "already loaded",
            "load_id": r.load_id, "rows_read": r.rows_read,
            "rows_loaded": r.rows_loaded, "rows_quarantined": r.rows_quarantined,
            "first_day": str(r.days[0]) if r.days else None, "last_day": str(r.days[-1]) if r.days else None,
        }
        for r in outcome.loads
        if r.already_loaded
    ]  # fmt: skip
    again = [
        {"file": r.file, "outcome": "loaded again", "load_id": r.load_id, "earlier": list(r.earlier)}
        for r in outcome.new
        if r.earlier
    ]
    refused = [{"file": f, "outcome": "refused", "problem": str(e)} for f, e in outcome.refused.items()]
    passed = [{"file": "", "outcome": "passed over", "problem": w} for w in (*outcome.unknown, *outcome.passed_over)]
    return [*refused, *passed, *again, *known][:TOLD]


def _unchanged(selected: Iterable[dg.AssetCheckKey]) -> list[dg.AssetCheckResult]:
    """The checks of a run that had no row to look at: none failed."""
    own = {RECONCILED, LOADED, QUARANTINE_SHARE}
    return [
        dg.AssetCheckResult(
            asset_key=key.asset_key, check_name=key.name, passed=True, metadata={"failed": 0, "total": 0},
            description="no new rows: every file had been loaded before",
        )
        for key in selected
        if key.name not in own
    ]  # fmt: skip


def _refused(outcome: Outcome) -> "list[CheckOutcome]":
    """What the audits saw of the files that they refused."""
    from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError

    return [o for e in outcome.refused.values() if isinstance(e, AuditFailedError) for o in e.outcomes]


def _run_checks(outcome: Outcome) -> dict[dg.AssetCheckKey, dg.AssetCheckResult]:
    """The checks over all files of the run."""
    loads, problems = outcome.new, outcome.problems
    read, loaded = sum(r.rows_read for r in loads), sum(r.rows_loaded for r in loads)
    quarantined = sum(r.rows_quarantined for r in loads)
    lost = [r.file for r in loads if r.rows_read != r.rows_loaded + r.rows_quarantined]
    share = quarantined / read if read else 0.0
    reconciled = dg.AssetCheckKey(asset_key(LOADS.identifier), RECONCILED)
    few = dg.AssetCheckKey(asset_key(QUARANTINE.identifier), QUARANTINE_SHARE)
    whole = dg.AssetCheckKey(asset_key(LOADS.identifier), LOADED)
    counted = len(outcome.loads) + len(outcome.refused)
    found = {
        whole: dg.AssetCheckResult(
            asset_key=whole.asset_key,
            check_name=whole.name,
            passed=not problems,
            description="\n".join(problems[:20]) or f"{counted} files",
            metadata={"failed": len(outcome.refused) + len(outcome.emptied), "total": counted},
        )
    }
    if problems and not loads:
        return found
    return found | {
        reconciled: dg.AssetCheckResult(
            asset_key=reconciled.asset_key,
            check_name=reconciled.name,
            passed=not lost,
            description=f"{read} records read, {loaded} loaded, {quarantined} quarantined",
            metadata={"files": len(loads), "failed": len(lost), "files_that_differ": lost[:20]},
        ),
        few: dg.AssetCheckResult(
            asset_key=few.asset_key,
            check_name=few.name,
            passed=share <= MAX_QUARANTINE_SHARE,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{quarantined} of {read} records; `asklake quarantine list` shows them",
            metadata={"share": share, "failed": quarantined, "total": read},
        ),
    }


def _metadata(published: "Sequence[Published]", loads: "Sequence[LoadResult]") -> dict[str, Any]:
    """The newest state of a table, and the sums over the publications of this run."""
    return {
        **published_metadata(published[-1]),
        "rows_written": sum(p.rows for p in published),
        "bytes_written": sum(p.bytes for p in published),
        "files_written": sum(p.files for p in published),
        "loads": [r.load_id for r in loads[:20]],
    }


def _sums(outcomes: "Sequence[CheckOutcome]") -> "list[CheckOutcome]":
    """One outcome per check over all files of a run: the counts added, the samples of the first that failed."""
    found: dict[tuple[str, str], CheckOutcome] = {}
    for outcome in outcomes:
        key = (outcome.identifier, outcome.check)
        if (earlier := found.get(key)) is None:
            found[key] = outcome
            continue
        shown = outcome if earlier.passed else earlier
        found[key] = replace(shown, failed=earlier.failed + outcome.failed, total=earlier.total + outcome.total)
    return list(found.values())
