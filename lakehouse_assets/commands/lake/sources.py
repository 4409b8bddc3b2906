"""`asklake source`: whether a source that fetches its records can be loaded.

Belongs here: what is told of it. Does not belong here: looking (ingest.loads.fetching), or loading (loading.py).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out

if TYPE_CHECKING:
    from lakehouse_assets.ingest.sources import Source


def test(out: Out, name: str, mapping: Path | None, tenant: str | None) -> None:
    """Look at the way there, the records and the cursor; tell what would be loaded."""
    from lakehouse_assets.ingest.loads.fetching import look
    from lakehouse_assets.ingest.sources import find_source

    source = find_source(name, mapping)
    if not source.fetches:
        hint = f"load one to see what is wrong with it: `asklake ingest FILE --source {source.name}`"
        raise CommandError(f"source '{source.name}' reads files", hint, Exit.USAGE)
    if source.follows:
        _test_followed(out, source, tenant)
        return
    found = look(open_lake(), source, tenant)
    unread = [c for c in found.columns if c not in source.fields]
    unseen = [f for f in source.fields if f not in found.columns and f != "_"]
    since = found.since.to if found.since else None
    by = f"by access '{found.access}'" if found.access else "without a secret"
    out.say(f"Connected {by}; {found.reads} can be read.")
    out.say(f"Read: {', '.join(source.fields)}" + (f"; only kept: {', '.join(unread)}" if unread else ""))
    if unseen and found.rows:
        out.say(f"None of the records that were seen has: {', '.join(unseen)}")
    if found.cursor is not None:
        said = f"loaded up to {since}" if since is not None else "nothing is loaded yet"
        out.say(f"Cursor {found.cursor}: {said}.")
    more = "" if found.is_all else ", and those of further pages"
    out.say(f"A load would read {found.rows:,} rows{more} into {source.target}.")
    out.say(f"`asklake ingest --source {source.name}` loads them.")
    out.emit({
        "source": source.name, "target": source.target, "columns": list(found.columns), "read": source.fields,
        "unseen": unseen, "cursor": found.cursor, "loaded_up_to": since, "rows": found.rows, "is_all": found.is_all,
    })  # fmt: skip


def _test_followed(out: Out, source: Source, tenant: str | None) -> None:
    """Look at server, user, publication, replica identity and slot; tell what to do where one is not as needed."""
    from lakehouse_assets.ingest.loads.standing import look

    found = look(open_lake(), source, tenant)
    standing = found.standing
    out.say(f"Connected; the publication has these columns of {standing.table}: {', '.join(found.columns) or 'none'}")
    if standing.loaded_up_to:
        out.say(
            f"Loaded up to {standing.loaded_up_to}; {standing.waiting:,} bytes of log, of all tables, are behind it."
        )
        out.say(f"The server keeps {standing.kept:,} bytes of log for the slot {standing.slot}.")
    else:
        out.say("Nothing is loaded yet: the first load copies the table, and makes a slot for what changes after it.")
    for words in (*found.notes, *standing.problems):
        out.say(f"Note: {words}", style="yellow")
    for problem in found.problems:
        out.say(f"Not ready: {problem.words}. {problem.hint}.", style="red")
    if not found.problems:
        out.say(f"`asklake ingest --source {source.name}` loads it.")
    out.emit({
        "source": source.name, "target": source.target, "columns": list(found.columns), "read": source.fields,
        **asdict(standing), "notes": list(found.notes), "not_ready": [asdict(problem) for problem in found.problems],
    })  # fmt: skip
    if found.problems:
        raise typer.Exit(int(Exit.FAILED))
