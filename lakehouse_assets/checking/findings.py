"""What a check finds, where, and how bad it is.

Belongs here: the finding itself and what decisions left open do to it. Does not belong here: any check.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from lakehouse_assets.lakehouse.contract import Severity

UNDECIDED = "TODO(decide)"
"""Marks a line that a person still has to decide on."""


@dataclass(frozen=True, order=True)
class Finding:
    """Something wrong at a line of a file; an error keeps the project from being sound, a warning does not."""

    file: Path
    line: int
    rule: str
    message: str
    severity: Severity = "error"


def softened(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Findings, each once; those about a line that is marked as undecided are warnings."""
    for finding in sorted(set(findings)):
        lines = _lines(finding.file)
        marked = finding.line <= len(lines) and UNDECIDED in lines[finding.line - 1]
        yield replace(finding, severity="warning") if marked else finding


@cache
def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
