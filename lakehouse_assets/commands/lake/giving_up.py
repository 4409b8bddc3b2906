"""`asklake give-up`: events that were accepted, and that nothing can load any more.

Belongs here: naming them, and what is said. Does not belong here: what waits, and what is done with it (intake).
"""

from __future__ import annotations

from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.output import Out
from lakehouse_assets.intake.log import Held, give_up, held
from lakehouse_assets.settings import Settings, get_settings


def events_held(settings: Settings) -> list[Held]:
    """The streams of events that cannot be loaded, as the service said last."""
    return held(settings.intake_dir)


def words(stream: Held) -> str:
    """What is told of one, with what can be done."""
    whose = f" of tenant '{stream.tenant}'" if stream.tenant else ""
    return (
        f"{stream.bytes:,} bytes of events of source '{stream.source}'{whose} cannot be loaded: {stream.problem} Mend "
        f"that, and they are; or give them up: `asklake give-up {stream.source}`"
    )


def run(out: Out, source: str) -> None:
    """Give up the events of a source that cannot be loaded.

    Raises:
        CommandError: there are none.
    """
    settings = get_settings()
    waiting = sorted({stream.source for stream in events_held(settings)})
    if source not in waiting:
        known = f"only of {', '.join(waiting)}" if waiting else "`asklake status` says what waits"
        raise CommandError(f"no events of source '{source}' are held back", known)
    found = give_up(settings.intake_dir, source)
    size = sum(stream.bytes for stream in found)
    out.say(f"{size:,} bytes of events of '{source}' are given up; what is sent from now on is not.")
    out.emit({"source": source, "bytes": size, "tenants": [stream.tenant for stream in found]})
