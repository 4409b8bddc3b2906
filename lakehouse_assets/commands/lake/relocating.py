"""`asklake relocate`: a home that was moved, copied or restored becomes a home of its own.

Belongs here: what is told of it. Does not belong here: how it is done (lakehouse.relocation).
"""

from __future__ import annotations

from lakehouse_assets.commands.lake.building import waiting
from lakehouse_assets.commands.output import Out
from lakehouse_assets.lakehouse.upkeep import relocation
from lakehouse_assets.settings import get_settings


def relocate(out: Out) -> None:
    """Make the tables of the home name the files that lie in it."""
    settings = get_settings()

    def progress(done: int, total: int, name: str) -> None:
        if out.live:
            out.say(f"{done + 1} of {total}: {name}")

    with waiting(out, "looking at the tables"):
        found = relocation.relocate(settings, progress)
    lost = {table.identifier: table.snapshots_lost for table in found if table.snapshots_lost}
    if found:
        snapshots = sum(table.snapshots for table in found)
        out.say(f"{settings.home} is a home of its own: {len(found)} tables, {snapshots} snapshots")
    else:
        out.say(f"{settings.home} is a home of its own already")
    for identifier, number in lost.items():
        out.say(f"{identifier}: {number} older snapshots were left out, for files of theirs are not here")
    out.emit({"home": settings.home, "tables": [vars(table) for table in found]})
