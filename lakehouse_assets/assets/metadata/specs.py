"""What Dagster is told about a table, from its contract.

Belongs here: asset keys, specs and definition metadata. Does not belong here: checks (checks.py) or any body.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.metadata.freshness import policy_of
from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.publish.audit import CheckOutcome
    from lakehouse_assets.lakehouse.publish.protocol import Published
    from lakehouse_assets.settings import Settings

CHECKS_KEPT, CHECKS_BROKEN = "checks_kept", "checks_broken"
"""What a materialization says of the audit before it: rules that held, and rules that only warn and did not."""


def asset_key(identifier: str) -> dg.AssetKey:
    """`layer.table` as an asset key."""
    return dg.AssetKey(identifier.split("."))


def identifier_of(key: dg.AssetKey) -> str:
    """An asset key as `layer.table`."""
    return ".".join(key.path)


def engine_kind(settings: Settings) -> str:
    """The engine to show on an asset."""
    return settings.parts.engine


def spec_of(
    contract: Contract,
    *,
    deps: Iterable[str] = (),
    kinds: Iterable[str] = (),
    partitions: dg.PartitionsDefinition | None = None,
    condition: dg.AutomationCondition | None = None,
    code_version: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    code: tuple[Path, int] | None = None,
) -> dg.AssetSpec:
    """The asset of a table.

    Args:
        contract: What the table is.
        deps: Identifiers of the tables it is made from.
        kinds: Technologies that make it; "iceberg" is added.
        partitions: Its Dagster partitions.
        condition: When it is rebuilt by itself.
        code_version: Changes when the code that makes it does.
        metadata: Additions to what the contract says.
        code: The file of this machine that says how its rows are made, and the line.

    Raises:
        ValueError: the contract does not say how fresh the table must be.
    """
    return dg.AssetSpec(
        asset_key(contract.identifier),
        deps=[asset_key(d) for d in deps],
        description=f"{contract.description}\n\n{contract.grain}",
        group_name=contract.domain,
        owners=[contract.owner],
        tags={"layer": contract.layer, "domain": contract.domain, **contract.tags},
        kinds={*kinds, "iceberg"},
        metadata={**_metadata(contract), **(metadata or {}), **(_source(*code) if code else {})},
        partitions_def=partitions,
        freshness_policy=policy_of(contract),
        automation_condition=condition,
        code_version=code_version,
        skippable=True,
    )


def _source(file: Path, line: int) -> dict[str, Any]:
    with warnings.catch_warnings():
        # Public, and said to be in beta each time that one is made.
        warnings.simplefilter("ignore", dg.BetaWarning)
        reference = dg.LocalFileCodeReference(file_path=str(file.absolute()), line_number=line, label=file.name)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def _metadata(contract: Contract) -> dict[str, Any]:
    columns = [
        dg.TableColumn(
            name=c.name,
            type=c.type,
            description=c.description,
            constraints=dg.TableColumnConstraints(nullable=c.nullable),
        )
        for c in contract.columns
    ]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": contract.identifier,
        "grain": contract.grain,
        "key": ", ".join(contract.key) or "none",
        "partitioning": ", ".join(f"{p.transform}({p.column})" for p in contract.partitions) or "none",
    }


def published_metadata(published: Published) -> dict[str, Any]:
    """What a materialization reports about what became visible."""
    return {
        "dagster/row_count": published.total_rows,
        "rows_written": published.rows,
        "bytes_written": published.bytes,
        "files_written": published.files,
        "partitions_written": published.partitions,
        "snapshot_id": str(published.snapshot_id),
        "publication_id": published.publication_id,
    }


def audited_metadata(identifier: str, outcomes: Iterable[CheckOutcome]) -> dict[str, Any]:
    """What a materialization reports about the audit before it; nothing where there was none."""
    held = [outcome.passed for outcome in outcomes if outcome.identifier == identifier]
    return {CHECKS_KEPT: sum(held), CHECKS_BROKEN: len(held) - sum(held)} if held else {}


def require_contracts(made: Iterable[str], contracts: Mapping[str, Contract], where: str) -> None:
    """Refuse tables that are made but not declared.

    Raises:
        ValueError: naming the tables and what to do.
    """
    missing: Sequence[str] = sorted(set(made) - contracts.keys())
    if missing:
        raise ValueError(
            f"{where} makes {', '.join(missing)}, which no contract declares: "
            "add it to CONTRACTS in lakehouse_assets/domains/<domain>/contracts.py"
        )
