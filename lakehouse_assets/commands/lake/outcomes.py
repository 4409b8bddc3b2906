"""What runs of builds and loads came to, told to people and to programs.

Belongs here: audits, errors, the exit code. Does not belong here: making the runs (building, orchestrator).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from lakehouse_assets.commands.failures import Exit
from lakehouse_assets.commands.output import Out

if TYPE_CHECKING:
    from lakehouse_assets.commands.lake.orchestrator import CheckSeen, Ran

SHOWN_FAILURES = 5


def stop_if_failed(done: Sequence[Ran]) -> None:
    """End the command with the exit code that the worst of its runs means."""
    failed = [ran for ran in done if not ran.success]
    if any(not ran.refused for ran in failed):
        raise typer.Exit(int(Exit.FAILED))
    if failed:
        raise typer.Exit(int(Exit.REFUSED))


def print_audit(out: Out, checks: Sequence[CheckSeen]) -> None:
    """Checks by table, then what did not pass."""
    if not checks:
        return
    counts: dict[str, Counter[str]] = {}
    for check in checks:
        counts.setdefault(check.table, Counter())[verdict(check)] += 1
    out.heading("Audit")
    out.table(
        ("table", "passed", "warned", "failed"),
        [(table, c["passed"], c["warned"], c["failed"]) for table, c in sorted(counts.items())],
    )
    for check in [c for c in checks if not c.passed]:
        out.say(f"{verdict(check)}: {check.table} {check.check}: {check.description}")


def verdict(check: CheckSeen) -> str:
    """What a check came to, in one word."""
    return "passed" if check.passed else "failed" if check.severity == "ERROR" else "warned"


def print_errors(out: Out, done: Sequence[Ran]) -> None:
    """Why runs failed, and where to look further."""
    for ran in done:
        if ran.success:
            continue
        for text in dict.fromkeys(ran.errors[:SHOWN_FAILURES]):
            out.say(f"{ran.job}: {text}", style="red")
        out.say(f"The whole run is in Dagit (`asklake dev`), under Runs: {ran.run_id}")


def as_document(ran: Ran) -> dict[str, Any]:
    """A run for programs."""
    return {
        "job": ran.job,
        "run_id": ran.run_id,
        "success": ran.success,
        "refused": ran.refused,
        "seconds": round(ran.seconds, 3),
        "tables": [
            {
                "table": t.table,
                "rows_written": t.metadata.get("rows_written", 0),
                "rows": t.metadata.get("dagster/row_count"),
                "snapshot_id": t.metadata.get("snapshot_id"),
                "publication_id": t.metadata.get("publication_id"),
            }
            for t in ran.tables
        ],
        "checks": dict(Counter(verdict(c) for c in ran.checks)),
        "not_passed": [
            {"table": c.table, "check": c.check, "verdict": verdict(c), "description": c.description}
            for c in ran.checks
            if not c.passed
        ],
        "errors": ran.errors,
        "notes": ran.notes,
    }
