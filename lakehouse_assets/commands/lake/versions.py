"""`asklake branch`, `log` and `rollback`: branches and commits of the cluster profile, for people.

Belongs here: printing them, and refusing where the profile has none. Does not belong here: what they are
(lakehouse.branches).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import known_table, open_lake
from lakehouse_assets.commands.output import Out
from lakehouse_assets.lakehouse.branches import branches, create, differences, drop, merge
from lakehouse_assets.lakehouse.branches import log as commits
from lakehouse_assets.lakehouse.branches import rollback as take_back
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID, RUN_ID

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_SHOWN_HASH = 12


def _cluster() -> Lake:
    lake = open_lake()
    if lake.settings.parts.tables != "nessie":
        raise CommandError(
            "the local profile has no branches or commits",
            "`asklake history TABLE` shows a table's snapshots; ASKLAKE_PROFILE=cluster has both",
            Exit.USAGE,
        )
    return lake


def list_branches(out: Out) -> None:
    """Every branch but main, the tables in which it differs from main, and the checks that failed."""
    found = branches(_cluster())
    out.table(
        ("branch", "state", "since (UTC)", "differs from main in", "failed checks"),
        [
            (b.name, b.kind, b.since.replace(tzinfo=None), ", ".join(b.tables),
             "; ".join(f"{table}: {said}" for table, said in b.failed.items()))
            for b in found
        ],
    )  # fmt: skip
    if found:
        out.say("Next: `asklake branch diff NAME` shows the rows that differ; `asklake branch drop NAME` removes it.")
    else:
        out.say("No branches: every publication has landed, or left nothing behind.")
    out.emit({"branches": [asdict(b) for b in found]})


def create_branch(out: Out, name: str, start: str | None) -> None:
    """Make a branch for people."""
    commit = create(_cluster(), name, start=start)
    out.say(f"{name} begins at {commit[:_SHOWN_HASH]}.")
    out.say(f"Next: `export ASKLAKE_BRANCH={name}`; then every command reads it and publishes to it.")
    out.emit({"branch": name, "commit": commit})


def diff_branch(out: Out, name: str, samples: int) -> None:
    """How the rows of a branch differ from main, table by table, with some of them."""
    found = differences(_cluster(), name, samples=samples)
    out.table(
        ("table", "rows on branch", "rows on main", "only on branch", "only on main", "other columns"),
        [
            (d.table, d.on_branch, d.on_main, d.only_on_branch, d.only_on_main,
             ", ".join([*(f"+{c}" for c in d.columns_on_branch), *(f"-{c}" for c in d.columns_on_main)]))
            for d in found
        ],
    )  # fmt: skip
    for d in found:
        for title, rows in ((f"{d.table}: only on {name}", d.added), (f"{d.table}: only on main", d.removed)):
            if rows:
                out.heading(title)
                out.table(list(rows[0]), [tuple(row.values()) for row in rows])
    if not found:
        out.say(f"{name} has the tables of main.")
    out.emit({"branch": name, "tables": [asdict(d) for d in found]})


def merge_branch(out: Out, name: str) -> None:
    """Make what a branch changed visible on main."""
    commit, tables = merge(_cluster(), name)
    out.say(f"main has {', '.join(tables)} of {name} as commit {commit[:_SHOWN_HASH]}; the branch is gone.")
    out.say("Next: `unset ASKLAKE_BRANCH`; `asklake materialize` builds what is behind bronze now.")
    out.emit({"merged": name, "commit": commit, "tables": tables})


def drop_branch(out: Out, name: str) -> None:
    """Remove a branch."""
    drop(_cluster(), name)
    out.say(f"{name} is gone; main is as it was.")
    out.emit({"dropped": name})


def log(out: Out, table: str | None, limit: int) -> None:
    """The commits of main, or of the branch that commands work on, newest first."""
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


def rollback(out: Out, moment: str) -> None:
    """Take main, or the branch that commands work on, back to an earlier commit."""
    lake = _cluster()
    before, after = take_back(lake, moment)
    out.say(f"{lake.settings.branch} is at {after[:_SHOWN_HASH]} again; it was at {before}.")
    out.say("Next: `asklake status` shows the tables; `asklake materialize` builds what is behind bronze now.")
    out.emit({"before": before, "after": after})
