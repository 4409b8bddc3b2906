"""Dashboards: that they can be read, fit their grid, and ask what the semantic layer has.

Belongs here: semantic/dashboards as files, and against the layer. Does not belong here: what a dashboard is
(dashboards.model), what fits (dashboards.fitting).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.sources import located
from lakehouse_assets.dashboards.files import Written, files, read
from lakehouse_assets.dashboards.fitting import Problem, misplaced, unfitting
from lakehouse_assets.declared import DeclarationError
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.settings import Settings
from nlq.answering.compiling.layer import vocabulary_of
from semantic.layer import SemanticLayer

_RULE = "dashboard"


def check_dashboards(project: Project) -> Iterator[Finding]:
    """Every dashboard reads, lies in the folder of a domain, and its tiles do not lie on one another."""
    for path in files(project.root):
        if path.parent.name not in DOMAINS:
            message = f"there is no domain {path.parent.name}: put it into the folder of one, {', '.join(DOMAINS)}"
            yield Finding(path, 1, _RULE, message)
        try:
            found = read(path)
        except DeclarationError as error:
            yield from (located(path, text, _RULE) for text in str(error).splitlines())
        else:
            yield from _findings(found, misplaced(found.dashboard))


def check_dashboards_fit(settings: Settings) -> list[Finding]:
    """What dashboards that read name and the layer does not have, by file and line; the project has to be parsed."""
    vocabulary = vocabulary_of(SemanticLayer(settings).catalog(), lambda _: {})
    found = (written for path in files(settings.project_root) if (written := _read(path)))
    return [finding for one in found for finding in _findings(one, unfitting(one.dashboard, vocabulary))]


def _read(path: Path) -> Written | None:
    try:
        return read(path)
    except DeclarationError:  # check_dashboards tells of it
        return None


def _findings(written: Written, problems: Iterable[Problem]) -> Iterator[Finding]:
    for problem in problems:
        field = ".".join(str(part) for part in problem.loc)
        yield Finding(written.path, written.line(*problem.loc), _RULE, f"field '{field}': {problem.message}")
