"""`asklake insights`: what is worth saying about the figures of a domain, or of all.

Belongs here: what is shown of it. Does not belong here: finding it (lakehouse_assets.insight).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.commands.asking.questions import open_answerer
from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.insight.finding import insights_of
from lakehouse_assets.insight.model import Insights, Kind
from nlq.core.guard import Caller
from nlq.core.judged import domains_of

if TYPE_CHECKING:
    from lakehouse_assets.commands.output import Out

_MARKS = {
    Kind.MISSING: "missing", Kind.POINT: "unusual day", Kind.SHIFT: "new level", Kind.TREND: "trend",
    Kind.CHANGE: "why", Kind.FORECAST: "outlook", Kind.RECOMMENDATION: "do",
}  # fmt: skip


def show(out: Out, domain: str | None, tenant: str | None, at: str | None) -> None:
    """Find the insights of a domain, or of each, and print them.

    Raises:
        CommandError: there is no such domain with figures by day.
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
        found = [insights_of(answerer, caller, session, name, today) for name in ([domain] if domain else known)]
    for one in found:
        _tell(out, one)
    if not found:
        out.say("There are no figures to judge. `asklake demo` makes some.")
    out.emit([one.model_dump(mode="json") for one in found])


def _tell(out: Out, one: Insights) -> None:
    out.say(f"{one.title}, days until {one.until}: {one.tested:,} tests", style="bold")
    rows = [(_MARKS[i.kind], i.severity.value, i.sentence) for i in one.insights]
    if rows:
        out.table(("kind", "severity", "what"), rows, limit=len(rows))
    else:
        out.say("Nothing that is more than chance.")
    if one.left_out:
        out.say(f"{one.left_out} more of less weight.", style="dim")
