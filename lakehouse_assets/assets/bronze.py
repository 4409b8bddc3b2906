"""Bronze: one multi-asset that loads files, its rows, its quarantine and its note of what was loaded together.

Belongs here: launching loads and reporting them. Does not belong here: reading files (ingest) or noticing them
(automation.sensors).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from lakehouse_assets.assets.checks import contract_check_specs, contract_results, evaluated
from lakehouse_assets.assets.resources import LakeResource
from lakehouse_assets.assets.specs import asset_key, published_metadata, spec_of
from lakehouse_assets.assets.trying import RETRY, told
from lakehouse_assets.ingest.contracts import LOADS, QUARANTINE
from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from lakehouse_assets.ingest import LoadResult
    from lakehouse_assets.lakehouse.audit import CheckOutcome
    from lakehouse_assets.lakehouse.publication import Published

LAYER = "bronze"
OP = "load_files"
"""Name of the op in run configs; the job is ingest, and Dagster wants the two names to differ."""
RECONCILED = "files_reconcile_with_table"
QUARANTINE_SHARE = "quarantine_share"
MAX_QUARANTINE_SHARE = 0.05


class IngestConfig(dg.Config):
    """What to load; neither files nor a folder named means what waits in the landing folder."""

    files: list[str] = Field([], description="Paths, folders, globs or s3:// URLs.")
    folder: str = Field("", description="Folder or s3:// prefix whose sub-folders are named like sources.")
    source: str = Field("", description="Name of the source that the files are of.")
    tenant: str = Field("", description="Tenant of all their records, where the records do not say it.")
    mapping: str = Field("", description="Path of a sources.yml of your own that has the source.")


def bronze_assets(contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """The multi-asset over every bronze table."""
    bronze = {i: c for i, c in contracts.items() if c.layer == LAYER}

    @dg.multi_asset(
        name=OP,
        specs=[spec_of(c, kinds=["file"]) for c in bronze.values()],
        check_specs=[spec for c in bronze.values() for spec in _check_specs(c)],
        can_subset=True,
        retry_policy=RETRY,
        allow_arbitrary_check_specs=True,
    )
    def ingest(context: dg.AssetExecutionContext, lakehouse: LakeResource, config: IngestConfig) -> Iterator[Any]:
        with told(context):
            loads, failures = _load(context, lakehouse, config)
            yield from _report(context, bronze, [r for r in loads if not r.already_loaded], failures)
            if failures:
                # Trying again would not help: the files themselves, or their source, are wrong.
                raise dg.Failure("\n".join(map(str, failures)), allow_retries=False)

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
    if contract.identifier == QUARANTINE.identifier:
        share = f"At most {MAX_QUARANTINE_SHARE:.0%} of the records of a run were quarantined."
        specs.append(dg.AssetCheckSpec(QUARANTINE_SHARE, asset=key, description=share))
    return specs


def _load(
    context: dg.AssetExecutionContext, lakehouse: LakeResource, config: IngestConfig
) -> "tuple[list[LoadResult], list[Exception]]":
    """Load what the config names, or what waits in the landing folder; what went wrong with one file stops no other."""
    from lakehouse_assets.ingest import IngestError, SourceError
    from lakehouse_assets.ingest.errors import SomeFilesFailedError
    from lakehouse_assets.lakehouse.publication import AuditFailedError

    loads: list[Any] = []
    failures: list[Exception] = []
    for source, files in _batches(lakehouse, config):
        try:
            loads += _load_source(context, lakehouse, config, source, files)
        except SomeFilesFailedError as error:
            loads += error.results
            failures.append(error)
        except (IngestError, SourceError, AuditFailedError) as error:
            failures.append(error)
    return loads, failures


def _batches(lakehouse: LakeResource, config: IngestConfig) -> list[tuple[str, list[str]]]:
    from lakehouse_assets.ingest.landing import group_by_source, laid_out, pending

    if config.files and not config.source:
        raise dg.Failure("files need a source: set `source` in the run config", allow_retries=False)
    if config.files:
        return [(config.source, config.files)]
    if config.folder:
        groups = laid_out(config.folder)
    else:
        groups = group_by_source(pending(lakehouse.settings().landing_root)[0])
    return [(source, [f.path for f in files]) for source, files in groups.items()]


def _load_source(
    context: dg.AssetExecutionContext, lakehouse: LakeResource, config: IngestConfig, source: str, files: list[str]
) -> "Sequence[LoadResult]":
    from lakehouse_assets.ingest import find_source, load

    known = find_source(source, Path(config.mapping) if config.mapping else None)
    return load(lakehouse.lake, files, known, tenant=config.tenant or None, run_id=context.run.run_id)


def _report(
    context: dg.AssetExecutionContext,
    bronze: Mapping[str, Contract],
    loads: "Sequence[LoadResult]",
    failures: Sequence[Exception],
) -> Iterator[dg.MaterializeResult | dg.Output[None] | dg.AssetCheckEvaluation]:
    """Tell Dagster what was loaded and what an audit refused; a run that loaded nothing new tells nothing."""
    selected = context.selected_asset_check_keys
    outcomes = [o for r in loads for o in r.outcomes] + _refused(failures)
    yield from evaluated(context, contract_results(_sums(outcomes), selected))
    if not loads:
        if not failures:
            context.log.info("nothing new: every file was loaded before")
        return
    yield from evaluated(context, (result for key, result in _run_checks(loads).items() if key in selected))
    for identifier in bronze:
        published = [p for r in loads for p in r.published if p.identifier == identifier]
        if published and asset_key(identifier) in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=asset_key(identifier), metadata=_metadata(published, loads))


def _refused(failures: Sequence[Exception]) -> "list[CheckOutcome]":
    """What the audits saw of the files that they refused."""
    from lakehouse_assets.ingest.errors import SomeFilesFailedError
    from lakehouse_assets.lakehouse.publication import AuditFailedError

    single = [e for f in failures for e in (f.errors.values() if isinstance(f, SomeFilesFailedError) else [f])]
    return [o for e in single if isinstance(e, AuditFailedError) for o in e.outcomes]


def _run_checks(loads: "Sequence[LoadResult]") -> dict[dg.AssetCheckKey, dg.AssetCheckResult]:
    """The checks over all files of the run."""
    read, loaded = sum(r.rows_read for r in loads), sum(r.rows_loaded for r in loads)
    quarantined = sum(r.rows_quarantined for r in loads)
    lost = [r.file for r in loads if r.rows_read != r.rows_loaded + r.rows_quarantined]
    share = quarantined / read if read else 0.0
    reconciled = dg.AssetCheckKey(asset_key(LOADS.identifier), RECONCILED)
    few = dg.AssetCheckKey(asset_key(QUARANTINE.identifier), QUARANTINE_SHARE)
    return {
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
    from dataclasses import replace

    found: dict[tuple[str, str], CheckOutcome] = {}
    for outcome in outcomes:
        key = (outcome.identifier, outcome.check)
        if (earlier := found.get(key)) is None:
            found[key] = outcome
            continue
        shown = outcome if earlier.passed else earlier
        found[key] = replace(shown, failed=earlier.failed + outcome.failed, total=earlier.total + outcome.total)
    return list(found.values())
