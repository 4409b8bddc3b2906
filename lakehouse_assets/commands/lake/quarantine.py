"""`asklake quarantine`: records that could not be loaded, and loading them after a fix.

Belongs here: showing and choosing records. Does not belong here: reading them again (ingest.quarantine).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import known_load, known_quarantined_source, open_lake
from lakehouse_assets.commands.output import Out
from lakehouse_assets.shown import shown_in_line

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_TEXT = 160


def groups_of(lake: Lake, source: str | None = None, load_id: str | None = None) -> tuple[int, list[dict[str, Any]]]:
    """Records that still wait: how many, and by what is wrong with them, the most frequent first."""
    from lakehouse_assets.ingest.loads.quarantine import count_quarantined

    named = {"column_name": "column", "quarantine_id": "example"}
    waiting, found = count_quarantined(lake, source=source, load_id=load_id)
    return waiting, [{named.get(name, name): value for name, value in row.items()} for row in found]


def list_records(out: Out, source: str | None, load_id: str | None) -> None:
    """How many records wait, by what is wrong with them."""
    lake = open_lake()
    _refuse_unknown(lake, source, load_id)
    waiting, groups = groups_of(lake, source, load_id)
    if groups:
        out.table(("source", "column", "reason", "records", "for example"), [tuple(g.values()) for g in groups])
        out.say("`asklake quarantine show ID` shows a record;")
        out.say("`asklake quarantine replay --source NAME` loads them again after a fix.")
    else:
        out.say("No such records are in quarantine." if source or load_id else "Quarantine is empty.")
    out.emit({"records": waiting, "groups": groups})


def show(out: Out, ids: Sequence[str], source: str | None, load_id: str | None, limit: int) -> None:
    """Records as they were received, and where they are from."""
    from lakehouse_assets.ingest.loads.quarantine import list_quarantined

    lake = open_lake()
    _refuse_unknown(lake, source, load_id)
    records = list_quarantined(lake, source=source, load_id=load_id, ids=ids or None, resolved=bool(ids), limit=limit)
    if ids and len(records) < len(set(ids)):
        missing = sorted(set(ids) - {r["quarantine_id"] for r in records})
        raise CommandError(
            f"there is no quarantined record {', '.join(missing)}", "`asklake quarantine list` gives ids", Exit.USAGE
        )
    for record in records:
        _print(out, record)
    if not records:
        out.say("No such records are in quarantine.")
    out.emit({"records": records})


def _refuse_unknown(lake: Lake, source: str | None, load_id: str | None) -> None:
    """Refuse a name that nothing has, which would be told to have no records.

    Raises:
        CommandError: there is no such source, or no such load.
    """
    if source:
        known_quarantined_source(lake, source)
    if load_id:
        known_load(lake, load_id)


def _print(out: Out, record: dict[str, Any]) -> None:
    from lakehouse_assets.ingest.origins.logged import place_of

    place = place_of(record["source_file"], record["source_row"])
    if place is None:
        place = shown_in_line(record["source_file"])
        if number := record["line"] or record["source_row"]:
            place += f", {'line' if record['line'] else 'record'} {number}"
    settled = f" (loaded again {record['resolved_at']:%Y-%m-%d %H:%M})" if record["resolved_at"] else ""
    out.say(f"{record['quarantine_id']}  {place}{settled}", style="bold")
    out.say(f"  {record['column_name'] or 'record'}: {record['reason']}")
    text = record["raw_text"]
    out.say(f"  {shown_in_line(text[:_TEXT])}{' …' if len(text) > _TEXT else ''}", style="dim")


def replay(out: Out, ids: Sequence[str], source: str | None, load_id: str | None, mapping: Path | None) -> None:
    """Load records again with today's source definition, or with one from a file."""
    from lakehouse_assets.ingest.loads.quarantine import replay as load_again
    from lakehouse_assets.ingest.sources import find_source

    if not (ids or source or load_id):
        raise CommandError("say which records to load again", "give ids, --source or --load", Exit.USAGE)
    mended = find_source(source, mapping) if mapping else None
    lake = open_lake()
    _refuse_unknown(lake, None if mended else source, load_id)
    result = load_again(
        lake, list(ids) or None, source_name=source, load_id=load_id, source=mended, run_id="asklake-replay"
    )
    out.say(f"{result.tried} records tried: {result.loaded} loaded, {len(result.still_bad)} stay in quarantine.")
    out.table(("reason", "records"), Counter(s.reason for s in result.still_bad).most_common())
    if result.loaded:
        out.say("`asklake materialize` brings them into silver and gold.")
    elif result.tried:
        out.say("Mend the source definition (`--mapping my.yml` tries one), or load a corrected file.")
    out.emit(
        {
            "tried": result.tried,
            "loaded": result.loaded,
            "load_ids": list(result.load_ids),
            "still_bad": [{"quarantine_id": s.quarantine_id, "reason": s.reason} for s in result.still_bad],
        }
    )
