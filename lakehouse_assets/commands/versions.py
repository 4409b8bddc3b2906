"""`asklake branches`, `log` and `rollback`: branches and commits of the cluster profile, for people.

Belongs here: printing them, and refusing where the profile has none. Does not belong here: what they are
(lakehouse.branches).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lookups import known_table, open_lake
from lakehouse_assets.commands.output import Out

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_SHOWN_HASH = 12


def _cluster() -> Lake:
    lake = open_lake()
    if lake.settings.profile != "cluster":
        raise CommandError(
            "the local profile has no branches or commits",
            "`asklake history TABLE` shows a table's snapshots; ASKLAKE_PROFILE=cluster has both",
            Exit.USAGE,
        )
    return lake


def list_branches(out: Out) -> None:
    """The branches that publications left, and the tables in which they differ from main."""
    from lakehouse_assets.lakehouse.branches import branches

    found = branches(_cluster())
    out.table(
        ("branch", "state", "begun (UTC)", "differs from main in"),
        [(b.name, b.kind, b.begun.replace(tzinfo=None), ", ".join(b.tables)) for b in found],
    )
    if found:
        out.say(
            "Next: `asklake branches diff NAME` counts the rows that differ; `asklake branches drop NAME` removes it."
        )
    else:
        out.say("No branches: every publication has landed, or left nothing behind.")
    out.emit({"branches": [asdict(b) for b in found]})


def diff_branch(out: Out, name: str) -> None:
    """How the rows of a branch differ from main, table by table."""
    from lakehouse_assets.lakehouse.branches import differences

    found = differences(_cluster(), name)
    out.table(
        ("table", "rows on branch", "rows on main", "only on branch", "only on main"),
        [(d.table, d.on_branch, d.on_main, d.only_on_branch, d.only_on_main) for d in found],
    )
    out.emit({"branch": name, "tables": [asdict(d) for d in found]})


def drop_branch(out: Out, name: str) -> None:
    """Remove the branch of a publication."""
    from lakehouse_assets.lakehouse.branches import drop

    try:
        drop(_cluster(), name)
    except ValueError as error:
        raise CommandError(str(error), "`asklake branches` lists those that can be dropped", Exit.USAGE) from error
    out.say(f"{name} is gone; main is as it was.")
    out.emit({"dropped": name})


def log(out: Out, table: str | None, limit: int) -> None:
    """The commits of main, newest first."""
    from lakehouse_assets.lakehouse.branches import log as commits
    from lakehouse_assets.lakehouse.publication import PUBLICATION_ID, RUN_ID

    lake = _cluster()
    found = commits(lake, table=known_table(lake, table) if table else None, limit=limit)
    out.table(
        ("commit", "time (UTC)", "what", "publication", "run"),
        [
            (c.hash[:_SHOWN_HASH], c.time.replace(tzinfo=None), c.message, c.properties.get(PUBLICATION_ID),
             c.properties.get(RUN_ID))
            for c in found
        ],
    )  # fmt: skip
    out.emit({"commits": [asdict(c) for c in found]})


def rollback(out: Out, commit: str) -> None:
    """Take main back to an earlier commit."""
    from lakehouse_assets.lakehouse.branches import rollback as take_back

    try:
        before, after = take_back(_cluster(), commit)
    except LookupError as error:
        raise CommandError(str(error), "`asklake log` lists the commits of main", Exit.USAGE) from error
    out.say(f"main is at {after[:_SHOWN_HASH]} again; it was at {before}.")
    out.say("Next: `asklake status` shows the tables; `asklake materialize` builds what is behind bronze now.")
    out.emit({"before": before, "after": after})
