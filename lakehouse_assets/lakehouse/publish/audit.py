"""Runs a contract's checks on staged data, in the engine.

Belongs here: turning a contract into one aggregate statement, and its outcome with samples.
Does not belong here: what the checks are (contract), or what follows from a failure (publish).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from lakehouse_assets.lakehouse.contract import Contract, RowCheck, Severity
from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.types import name_of_arrow
from lakehouse_assets.lakehouse.zones import NO_ZONE

MAX_SAMPLES = 20
ROWS_AT_A_TIME = 4_000_000
"""Rows whose keys are compared at once: their hashes take an engine some 200 MB."""
Run = Callable[[str], pa.Table]


@dataclass(frozen=True)
class CheckOutcome:
    """What one check saw: `failed` of `total` rows, at most 20 of them, and the query that finds them all."""

    identifier: str
    check: str
    severity: Severity
    failed: int
    total: int
    description: str
    query: str
    samples: list[dict[str, Any]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    """Those by which a row of the samples is known, and those that the check looks at; none for all."""

    @property
    def said(self) -> str:
        """What failed, in words, with the first row that did."""
        said = f"{self.identifier}: {self.check} failed for {self.failed} of {self.total} rows"
        if not self.samples:
            return f"{said} ({self.description.rstrip('.')})"
        first = self.samples[0]
        shown = ", ".join(f"{n} {'empty' if first[n] is None else first[n]}" for n in self.columns or first)
        return f"{said} ({self.description.rstrip('.')}), the first with {shown}"

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return self.failed == 0

    @property
    def blocking(self) -> bool:
        """Whether this outcome forbids publication."""
        return not self.passed and self.severity == "error"


def check_names(contract: Contract) -> list[tuple[str, Severity, str]]:
    """Name, severity and description of every check the audit of this contract reports, in order."""
    names: list[tuple[str, Severity, str]] = [
        ("schema", "error", "the columns and their types are those of the contract"),
        *((c.name, c.severity, c.description) for c in contract.portable_checks),
    ]
    if contract.key:
        names.append(("key__unique", contract.key_severity, f"one row per {', '.join(contract.key)}"))
    return names


def audit(
    run: Run,
    contract: Contract,
    relation: str,
    dialect: Dialect,
    *,
    rows: int | None = None,
    zone: str = NO_ZONE,
) -> list[CheckOutcome]:
    """Check staged rows against their contract.

    Every row check is a counter of one aggregate over one scan, and so are the keys, unless there are many; only checks
    that failed cost a second query, for their samples.

    Args:
        run: Runs a statement in the engine.
        contract: What the rows must keep to.
        relation: SQL of the staged rows, to stand after FROM.
        dialect: The engine's.
        rows: How many rows there are, where that is known.
        zone: The time zone by which instants have days.
    """
    schema = _schema_outcome(run, contract, relation)
    if not schema.passed:
        return [schema]
    checks = contract.row_checks(dialect.name, dialect.local_time(zone))
    counters = [f"count(*) filter (where {c.failing}) as c{i}" for i, c in enumerate(checks)]
    if contract.key and rows is not None and rows <= ROWS_AT_A_TIME:
        counters.append(f"count(distinct {dialect.hashed(contract.key)}) as hashes")
    counts = run(f"select {', '.join(['count(*) as total', *counters])} from {relation}").to_pylist()[0]
    total = counts["total"]
    outcomes = [schema, *(_outcome(run, contract, relation, c, counts[f"c{i}"], total) for i, c in enumerate(checks))]
    if contract.key:
        outcomes.append(_key_outcome(run, contract, relation, total, dialect, counts.get("hashes")))
    return outcomes


def _outcome(run: Run, contract: Contract, relation: str, check: RowCheck, failed: int, total: int) -> CheckOutcome:
    query = f"select * from {relation} where {check.failing}"
    return CheckOutcome(
        contract.identifier, check.name, check.severity, failed, total, check.description, query,
        _samples(run, query) if failed else [], _looked_at(contract, check) if failed else (),
    )  # fmt: skip


def _looked_at(contract: Contract, check: RowCheck) -> tuple[str, ...]:
    """The columns of the key, and those that a check looks at."""
    from lakehouse_assets.lakehouse.evaluation import columns_of

    looked_at = columns_of(check.failing)
    return tuple(dict.fromkeys((*contract.key, *(n for n in contract.column_names if n in looked_at))))


def _key_outcome(
    run: Run, contract: Contract, relation: str, total: int, dialect: Dialect, hashes: int | None
) -> CheckOutcome:
    keys = ", ".join(quoted(k) for k in contract.key)
    hashed = dialect.hashed(contract.key)
    parts = max(1, -(-total // ROWS_AT_A_TIME))
    failed, samples = 0, []
    for part in range(parts if hashes != total else 0):
        rows = f"{relation} where {hashed} % {parts} = {part}" if parts > 1 else relation
        if copies := _copies(run, keys, hashed, rows):
            failed += copies
            samples = samples or _samples(run, _repeated(keys, rows))
    return CheckOutcome(
        contract.identifier, "key__unique", contract.key_severity, failed, total,
        f"one row per {', '.join(contract.key)}", _repeated(keys, relation), samples,
    )  # fmt: skip


def _repeated(keys: str, rows: str) -> str:
    return f"select {keys}, count(*) as copies from {rows} group by {keys} having count(*) > 1"


def _copies(run: Run, keys: str, hashed: str, rows: str) -> int:
    """How many rows repeat a key; as many hashes as rows prove that none does, at less time and memory."""
    proof = run(f"select count(*) as total, count(distinct {hashed}) as hashes from {rows}").to_pylist()[0]
    if proof["hashes"] == proof["total"]:
        return 0
    counted = run(f"select cast(coalesce(sum(copies - 1), 0) as bigint) as failed from ({_repeated(keys, rows)})")
    return counted.to_pylist()[0]["failed"]


def _schema_outcome(run: Run, contract: Contract, relation: str) -> CheckOutcome:
    query = f"select * from {relation} limit 0"
    have = {field.name: name_of_arrow(field.type) for field in run(query).schema}
    want = contract.types
    wrong = [
        {"column": name, "staged": have.get(name), "contract": want.get(name)}
        for name in sorted(have.keys() | want.keys())
        if have.get(name) != want.get(name)
    ]
    return CheckOutcome(
        contract.identifier, "schema", "error", len(wrong), len(want),
        "the columns and their types are those of the contract", query, wrong[:MAX_SAMPLES],
    )  # fmt: skip


def _samples(run: Run, query: str) -> list[dict[str, Any]]:
    rows = run(f"select * from ({query}) limit {MAX_SAMPLES}").to_pylist()
    return [{k: _printable(v) for k, v in row.items()} for row in rows]


def _printable(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:500]


def blocking(outcomes: Sequence[CheckOutcome]) -> list[CheckOutcome]:
    """The outcomes that forbid publication."""
    return [o for o in outcomes if o.blocking]
