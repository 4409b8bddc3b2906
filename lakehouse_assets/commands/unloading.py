"""`asklake unload`: takes a load back.

Belongs here: saying what was removed, and what comes next. Does not belong here: what belongs to a load
(ingest.unloading).
"""

from __future__ import annotations

from lakehouse_assets.commands.lookups import open_lake
from lakehouse_assets.commands.output import Out


def unload(out: Out, load_id: str) -> None:
    """Take a load back, and say what was removed."""
    from lakehouse_assets.ingest.unloading import unload as take_back

    done = take_back(open_lake(), load_id, run_id="asklake-unload")
    if done.already:
        out.say(f"Load {load_id} was taken back before; nothing is left of it.")
    else:
        out.say(f"Load {load_id} of {done.source_file} is taken back:")
        out.say(f"  {done.rows:,} rows out of {done.target_table}{_of_days(done.days)}")
        out.say(f"  {done.quarantined:,} records out of quarantine")
        if done.waiting:
            out.say(f"  {done.waiting:,} records, which it had loaded out of quarantine, wait there again")
        if done.rows:
            out.say("Next: `asklake materialize` builds these days again without them.")
        out.say("The same file can be loaded again.")
    out.emit({
        "load_id": load_id, "already_taken_back": done.already, "file": done.source_file, "table": done.target_table,
        "rows": done.rows, "quarantined": done.quarantined, "waiting_again": done.waiting, "days": list(done.days),
    })  # fmt: skip


def _of_days(days: tuple[object, ...]) -> str:
    if not days:
        return ""
    return f", of {days[0]}" if len(days) == 1 else f", of {len(days)} days from {days[0]} to {days[-1]}"
