"""`asklake rezone`: rows of bronze get the days of the project's time zone, after the setting was changed.

Belongs here: what is told of it. Does not belong here: how it is done (builds.rezoning).
"""

from __future__ import annotations

from uuid import uuid4

from lakehouse_assets import adopted
from lakehouse_assets.builds import rezoning
from lakehouse_assets.commands.lake.building import waiting
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.commands.output import Out
from lakehouse_assets.domains import all_contracts
from lakehouse_assets.ingest.sources import accepted_sources, all_sources


def rezone(out: Out) -> None:
    """Give every row of bronze the day that its instant has in the project's time zone."""
    lake, found = open_lake(), []
    zone = lake.settings.time_zone
    with waiting(out, f"giving rows the days of {zone}"):
        contracts = [*all_contracts(), *adopted.contracts(lake.settings)]
        sources = [*all_sources().values(), *accepted_sources().values()]
        for done in rezoning.rezone(lake, contracts, sources, run_id=f"rezone-{uuid4()}"):
            found.append(done)
    for done in found:
        share = f"{done.moved / done.rows:.1%}" if done.rows else "none"
        rows = f"{done.moved:,} of {done.rows:,} rows ({share})"
        out.say(f"{done.identifier}: {rows} lie on another day than in {done.before}")
    if found:
        out.say("Next: `asklake materialize` makes every table anew that was built from them.")
    else:
        out.say(f"Every row of bronze has its day of {zone} already.")
    out.emit({"zone": zone, "tables": [vars(done) for done in found]})
