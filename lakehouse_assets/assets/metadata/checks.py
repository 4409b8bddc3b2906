"""Contract checks and dbt tests as Dagster asset checks.

Belongs here: their specs and results. Does not belong here: what is checked (contract, dbt) or when (publication).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.metadata.specs import asset_key
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.publish.audit import CheckOutcome, check_names

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtTest
    from lakehouse_assets.lakehouse.dbt.runner import NodeResult


def contract_check_specs(contract: Contract) -> list[dg.AssetCheckSpec]:
    """One check per check of the contract, blocking where its severity is error."""
    return [
        dg.AssetCheckSpec(
            name, asset=asset_key(contract.identifier), description=description, blocking=severity == "error"
        )
        for name, severity, description in check_names(contract)
    ]


def dbt_check_spec(test: DbtTest) -> dg.AssetCheckSpec:
    """The check of a dbt data test."""
    return dg.AssetCheckSpec(
        test.name,
        asset=asset_key(test.table),
        additional_deps=[asset_key(d) for d in test.other_tables],
        description=test.description or None,
        blocking=test.severity == "error",
    )


def contract_results(
    outcomes: Iterable[CheckOutcome], selected: Iterable[dg.AssetCheckKey]
) -> list[dg.AssetCheckResult]:
    """What the audit saw, for the checks that were asked for."""
    wanted = set(selected)
    return [
        dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=o.passed,
            severity=_severity(o.severity),
            description=f"{o.failed} of {o.total} rows: {o.description}" if not o.passed else o.description,
            metadata=_metadata(o.failed, o.total, o.samples, o.query),
        )
        for o in outcomes
        if (key := dg.AssetCheckKey(asset_key(o.identifier), o.check)) in wanted
    ]


def dbt_results(
    results: Iterable[NodeResult], tests: Mapping[str, DbtTest], selected: Iterable[dg.AssetCheckKey]
) -> list[dg.AssetCheckResult]:
    """What dbt's tests said, for the checks that were asked for; a test that dbt skipped has no result."""
    wanted = set(selected)
    return [
        dg.AssetCheckResult(
            asset_key=key.asset_key,
            check_name=key.name,
            passed=r.passed,
            severity=_severity("error" if r.status == "fail" else "warning"),
            description=_rule(tests[r.unique_id].description, r),
            metadata=_metadata(r.failures, None, [], r.compiled_sql),
        )
        for r in results
        if r.unique_id in tests
        and r.status != "skipped"
        and (key := dg.AssetCheckKey(asset_key(tests[r.unique_id].table), tests[r.unique_id].name)) in wanted
    ]


def _rule(description: str, result: NodeResult) -> str | None:
    """What a test of dbt's looks at, and what it found."""
    if result.passed:
        return description or None
    return f"{result.said}. {description}" if description else result.said


def evaluated(
    context: dg.AssetExecutionContext, results: Iterable[dg.AssetCheckResult]
) -> Iterator[dg.Output[None] | dg.AssetCheckEvaluation]:
    """What Dagster makes of results that are yielded before what they are of is told as materialized.

    Left to it, each result would be linked to the materialization before, for which it lists the days of each table.
    """
    specs = {spec.key: spec for spec in context.assets_def.check_specs}
    for result in results:
        assert result.asset_key is not None
        assert result.check_name is not None
        spec = specs[dg.AssetCheckKey(result.asset_key, result.check_name)]
        yield dg.Output(None, spec.get_python_identifier())
        yield dg.AssetCheckEvaluation(
            asset_key=spec.asset_key, check_name=spec.name, passed=result.passed, metadata=result.metadata,
            severity=result.severity, description=result.description, blocking=spec.blocking,
        )  # fmt: skip


def _severity(severity: str) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if severity == "error" else dg.AssetCheckSeverity.WARN


def _metadata(failed: int, total: int | None, samples: Sequence[Mapping[str, Any]], query: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"failed": failed}
    if total is not None:
        metadata["total"] = total
    if failed and query:
        metadata["query"] = dg.MetadataValue.md(f"```sql\n{query.strip()}\n```")
    if samples:
        metadata["samples"] = _table(samples)
    return metadata


def _table(samples: Sequence[Mapping[str, Any]]) -> dg.TableMetadataValue:
    names = list(samples[0])
    return dg.MetadataValue.table(
        records=[dg.TableRecord({n: "" if (v := row.get(n)) is None else str(v) for n in names}) for row in samples],
        schema=dg.TableSchema(columns=[dg.TableColumn(n) for n in names]),
    )
