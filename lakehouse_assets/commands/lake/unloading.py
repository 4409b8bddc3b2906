"""`asklake unload`: takes a load back, by the job that Dagit shows.

Belongs here: saying what was removed, and what comes next. Does not belong here: what belongs to a load
(ingest.unloading), or the run (assets.unloading).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dagster as dg
import typer

from lakehouse_assets.assets.unloading import JOB, OP, TAKEN_BACK
from lakehouse_assets.commands.failures import Exit
from lakehouse_assets.commands.lake.building import Builder, Step, builder
from lakehouse_assets.commands.lake.lookups import known_load, open_lake
from lakehouse_assets.commands.lake.outcomes import as_document, print_errors
from lakehouse_assets.commands.output import Out
from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.shown import shown_in_line


def unload(out: Out, load_id: str) -> None:
    """Take a load back, and say what was removed."""
    known_load(open_lake(), load_id)
    with builder(out) as made:
        ran = made.run(Step("platform", JOB, ()), config={"ops": {OP: {"config": {"load": load_id}}}})
        done = _told_by(made, ran.run_id)
    if done:
        _say(out, done)
    print_errors(out, [ran])
    out.emit({**done, "run": as_document(ran)})
    if not ran.success:
        raise typer.Exit(int(Exit.FAILED))


def _told_by(made: Builder, run_id: str) -> dict[str, Any]:
    """What the run says it took back; nothing where it failed."""
    key = dg.AssetKey(LOADS.identifier.split("."))
    for record in made.instance.fetch_observations(key, limit=20).records:
        if record.run_id == run_id and record.asset_observation:
            found: Any = record.asset_observation.metadata[TAKEN_BACK].value
            return dict(found)
    return {}


def _say(out: Out, done: dict[str, Any]) -> None:
    if done["already_taken_back"]:
        out.say(f"Load {done['load_id']} was taken back before; nothing is left of it.")
        return
    out.say(f"Load {done['load_id']} of {shown_in_line(str(done['file']))} is taken back:")
    out.say(f"  {done['rows']:,} rows out of {done['table']}{_of_days(done['days'])}")
    out.say(f"  {done['quarantined']:,} records out of quarantine")
    if done["waiting_again"]:
        out.say(f"  {done['waiting_again']:,} records, which it had loaded out of quarantine, wait there again")
    if done["rows"]:
        out.say("Next: `asklake materialize` builds these days again without them.")
    out.say("The same records can be loaded again.")


def _of_days(days: Sequence[str]) -> str:
    if not days:
        return ""
    return f", of {days[0]}" if len(days) == 1 else f", of {len(days)} days from {days[0]} to {days[-1]}"
