"""`asklake source`: whether a source that reads a database can be loaded.

Belongs here: what is told of it. Does not belong here: looking (ingest.loads.fetching), or loading (loading.py).
"""

from __future__ import annotations

from pathlib import Path

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out


def test(out: Out, name: str, mapping: Path | None, tenant: str | None) -> None:
    """Look at connection, table, columns and cursor; tell what would be loaded."""
    from lakehouse_assets.ingest.loads.fetching import waiting_rows
    from lakehouse_assets.ingest.sources import find_source

    source = find_source(name, mapping)
    described = source.database
    if described is None:
        hint = f"load one to see what is wrong with it: `asklake ingest FILE --source {source.name}`"
        raise CommandError(f"source '{source.name}' reads files", hint, Exit.USAGE)
    waiting = waiting_rows(open_lake(), source, tenant)
    unread = [c for c in waiting.columns if c not in source.fields]
    since = waiting.since.to if waiting.since else None
    out.say(f"Connected by access '{described.access}'; {described.table or 'the query'} can be read.")
    out.say(f"Columns read: {', '.join(source.fields)}" + (f"; only kept: {', '.join(unread)}" if unread else ""))
    if described.cursor is not None:
        said = f"loaded up to {since}" if since is not None else "nothing is loaded yet"
        out.say(f"Cursor {described.cursor}: {said}.")
    out.say(f"A load would read {waiting.rows:,} rows into {source.target}.")
    out.say(f"`asklake ingest --source {source.name}` loads them.")
    out.emit({
        "source": source.name, "target": source.target, "columns": list(waiting.columns), "read": source.fields,
        "cursor": described.cursor, "loaded_up_to": since, "rows": waiting.rows,
    })  # fmt: skip
