"""`asklake check`, `new-domain` and `docs`: the project itself, as files.

Belongs here: what is told of them. Does not belong here: checking, drafting, the data dictionary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from lakehouse_assets.checking.findings import Finding
    from lakehouse_assets.drafting.design import Design


def check(out: Out) -> None:
    """Check the whole project; exit code 1 where an error is found."""
    from lakehouse_assets.checking.askability import overall, scores
    from lakehouse_assets.checking.checks import check_dbt, check_project
    from lakehouse_assets.checking.dashboards import check_dashboards_fit
    from lakehouse_assets.checking.project import Project
    from lakehouse_assets.checking.search import check_search_is_not_personal

    settings = get_settings()
    project = Project(settings.project_root)
    found = check_project(project)
    with out.quietly():
        found += check_dbt(settings) or [*check_dashboards_fit(settings), *check_search_is_not_personal(settings)]
    for finding in found:
        place = f"{_relative(finding.file, settings.project_root)}:{finding.line}"
        out.say(f"{place}: {finding.severity}: {finding.message} [{finding.rule}]",
                style="red" if finding.severity == "error" else "")  # fmt: skip
    counts = Counter(f.severity for f in found)
    out.say(f"{counts['error']} errors, {counts['warning']} warnings")
    asked = scores(project, found)
    of_each = ", ".join(f"{domain} {score}" for domain, score in asked.items())
    out.say(f"Askability {overall(asked)} of 100: {of_each}")
    out.emit({"errors": counts["error"], "warnings": counts["warning"], "askability": asked,
              "findings": [_document(f, settings.project_root) for f in found]})  # fmt: skip
    if counts["error"]:
        raise typer.Exit(int(Exit.FAILED))


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _document(finding: Finding, root: Path) -> dict[str, object]:
    return {
        "file": str(_relative(finding.file, root)), "line": finding.line, "severity": finding.severity,
        "rule": finding.rule, "message": finding.message,
    }  # fmt: skip


def new_domain(out: Out, name: str, files: Sequence[str]) -> None:
    """Draft a domain from sample files; never overwrites.

    Raises:
        CommandError: the name cannot be a domain's, or the files hold nothing to learn from.
    """
    from lakehouse_assets import adopted
    from lakehouse_assets.checking.project import Project
    from lakehouse_assets.drafting.design import design
    from lakehouse_assets.drafting.edits import Edits
    from lakehouse_assets.drafting.writing import DraftExistsError, write
    from lakehouse_assets.ingest.files.streams import expand
    from lakehouse_assets.ingest.sources import Source

    _refuse_name(name)
    root = get_settings().project_root
    decided: dict[str, Any] = {"zone": get_settings().time_zone}
    if accepted := adopted.find(name):  # its table is there, and has rows
        decided["edits"] = Edits.model_validate(accepted.edits)
        decided["zone"] = Source.model_validate(accepted.source).time_zone
        decided |= {"tenant": said} if (said := accepted.source["tenant"].get("constant")) else {}
    drafted = design(name, expand(files), **decided)
    try:
        written = write(drafted, root, Project(root).metric_words())
    except DraftExistsError as error:
        raise CommandError(str(error), "", Exit.USAGE, kind="draft_exists") from error
    paths = [str(_relative(path, root)) for path in written]
    out.say(f"A draft of the domain {name}:")
    for path in paths:
        out.say(f"  {path}")
    feeds = [_feed(drafted, number) for number in range(len(drafted.feeds))]
    out.table(("source", "file", "time", "what makes a record the same", "metrics"),
              [(f["source"], f["file"], f["time"], f["key"], f["metrics"]) for f in feeds])  # fmt: skip
    if questions := [f"{f['source']}: {question}" for f in feeds for question in f["undecided"]]:
        out.heading("To decide in sources.yml; nothing is loaded before")
        for question in questions:
            out.say(f"  {question}")
    asked = _show_askability(out, name, root)
    commands = drafted.next_commands([feed.sample.path for feed in drafted.feeds])
    out.heading("Next")
    for command in commands:
        out.say(f"  {command}")
    out.emit({"domain": name, "files": paths, "feeds": feeds, "askability": asked, "next": commands})


def _show_askability(out: Out, name: str, root: Path) -> int:
    """How well the draft can be asked, and what to write where it cannot; the score, of 100."""
    from lakehouse_assets.checking.askability import check_askability, scores
    from lakehouse_assets.checking.project import Project

    project = Project(root)
    found = [f for f in check_askability(project) if f.file.is_relative_to(project.semantic / name)]
    score = scores(project, found)[name]
    out.say(f"Askability {score} of 100")
    for finding in found:
        out.say(f"  {_relative(finding.file, root)}:{finding.line}: {finding.message}")
    return score


def _refuse_name(name: str) -> None:
    from lakehouse_assets.drafting.adopting import refuse_name
    from lakehouse_assets.drafting.edits import EditsError

    try:
        refuse_name(name)
    except EditsError as error:
        problem, _, hint = str(error).partition("; ")
        raise CommandError(problem, hint, Exit.USAGE) from error


def _feed(drafted: Design, number: int) -> dict[str, Any]:
    from lakehouse_assets.drafting.metrics import metrics_of

    feed = drafted.feeds[number]
    time = feed.time or feed.day
    key = f"all fields, and which of several equal ones in {feed.file}" if feed.occurrence else ", ".join(feed.key)
    return {
        "source": feed.name, "file": feed.sample.path, "format": feed.sample.format,
        "time": time.finding.field if time.finding else "none found", "key": key, "metrics": len(metrics_of(feed)),
        "columns": [c.name for c in feed.columns], "read": feed.sample.stated, "found": list(feed.sample.notes),
        "undecided": feed.questions,
    }  # fmt: skip


def docs(out: Out, html: Path) -> None:
    """Write the data dictionary, or print what it holds."""
    from lakehouse_assets.dictionary.document import dictionary
    from lakehouse_assets.dictionary.page import standalone

    with out.quietly():
        document = dictionary(open_lake())
    if not out.as_json:
        html.write_text(standalone(document), encoding="utf-8")
    out.say(f"{len(document['tables'])} tables and {len(document['metrics'])} metrics in {html}")
    out.emit(document)
