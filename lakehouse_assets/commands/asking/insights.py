"""`asklake insights`: what is worth saying about the figures of a domain, or of all.

Belongs here: what is shown of it. Does not belong here: finding it (lakehouse_assets.insight).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

from lakehouse_assets.commands.asking.questions import open_answerer
from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.domains import title_of
from lakehouse_assets.insight.finding import UNREADABLE
from lakehouse_assets.insight.model import Insights, Kind
from lakehouse_assets.insight.published import insights_now
from nlq.core.guard import Caller
from nlq.core.judged import domains_of

if TYPE_CHECKING:
    from lakehouse_assets.commands.output import Out

_MARKS = {
    Kind.MISSING: "missing", Kind.POINT: "unusual day", Kind.SHIFT: "new level", Kind.TREND: "trend",
    Kind.CHANGE: "why", Kind.FORECAST: "outlook", Kind.RECOMMENDATION: "do",
}  # fmt: skip


def show(out: Out, domain: str | None, tenant: str | None, at: str | None) -> None:
    """Find the insights of a domain, or of each, and print them; where one cannot be judged, the others all the same.

    Raises:
        CommandError: there is no such domain with figures by day.
        Exit: a domain cannot be judged.
    """
    answerer, caller = open_answerer(out, at), Caller(tenant=tenant)
    with open_lake(at).session() as session:
        known = domains_of(answerer.figures.vocabulary(caller, session))
        if domain is not None and domain not in known:
            raise CommandError(
                f"there is no domain '{domain}' with figures by day.{did_you_mean(domain, known)}",
                f"domains: {', '.join(known) or 'none; `asklake demo` makes some'}", Exit.USAGE,
            )  # fmt: skip
        today = answerer.today(caller)
        chosen = [domain] if domain else known
        found, problems = each_of(chosen, lambda name: insights_now(answerer, caller, session, name, today))
    for one in found:
        _tell(out, one)
    for name, problem in problems.items():
        out.say(f"{title_of(name)} cannot be judged now: {problem}", style="bold red")
    if not chosen:
        out.say("There are no figures to judge. `asklake demo` makes some.")
    failed = [{"domain": name, "title": title_of(name), "problem": problem} for name, problem in problems.items()]
    out.emit([*(one.model_dump(mode="json") for one in found), *failed])
    if problems:
        raise typer.Exit(int(Exit.FAILED))


def each_of(domains: Iterable[str], find: Callable[[str], Insights]) -> tuple[list[Insights], dict[str, str]]:
    """The insights of each domain, and why those have none whose figures cannot be read."""
    found: list[Insights] = []
    problems: dict[str, str] = {}
    for name in domains:
        try:
            found.append(find(name))
        except UNREADABLE as error:
            problems[name] = str(error)
    return found, problems


def _tell(out: Out, one: Insights) -> None:
    out.say(f"{one.title}, days until {one.until}: {one.tested:,} tests", style="bold")
    rows = [(_MARKS[i.kind], i.severity.value, i.sentence) for i in one.insights]
    if rows:
        out.table(("kind", "severity", "what"), rows, limit=len(rows))
    else:
        out.say("Nothing that is more than chance.")
    if one.left_out:
        out.say(f"{one.left_out} more of less weight.", style="dim")
