"""`asklake alert`: alerts and subscriptions of whoever is at this machine.

Belongs here: what is asked and shown. Does not belong here: what alerts are (lakehouse_assets.alerts), what may be done
with them (service.alerts).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from lakehouse_assets.alerts.model import QuietHours
from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.insight.answerer import open_answerer
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.alerts.documents import Mute, OfferDocument, Test, Wish
from lakehouse_assets.service.alerts.handlers import AlertHandlers
from lakehouse_assets.service.alerts.parts import AlertParts
from nlq.core.guard import Caller
from nlq.core.utc import utc_now

if TYPE_CHECKING:
    from lakehouse_assets.commands.output import Out
    from lakehouse_assets.service.alerts.documents import AlertDocument

_NAME = "asklake alert"


def add(out: Out, sentence: str, to: Sequence[str], quiet: str | None, tenant: str | None, *, yes: bool) -> None:
    """Say what a sentence was understood as, and keep it once that is agreed to.

    Raises:
        CommandError: it is no wish, or open, or a target is not known.
    """
    hours = _quiet(quiet)
    with _handlers(out) as handlers:
        asker = _asker(tenant)
        found = handlers.understand(asker, Wish(sentence=sentence))
        if found.question or len(found.offers) != 1:
            choices = [*(f"{one.says}" for one in found.offers), *found.sentences]
            raise CommandError(
                found.question, f"put it so: {' · '.join(choices)}" if choices else "say more", Exit.CLARIFY
            )
        changes = {"targets": tuple(to), "quiet": hours}
        offer = handlers.check(asker, found.offers[0].draft.model_copy(update=changes))
        _said_back(out, offer)
        if not yes and not (sys.stdin.isatty() and not out.as_json and typer.confirm("Keep it?")):
            out.say("Nothing was kept: `--yes` keeps it.", style="yellow")
            out.emit({"kept": False, **offer.model_dump(mode="json")})
            return
        made = handlers.make(asker, offer.draft)
    out.say(f"Kept as {made.id}." + ("" if to else " It has no target: it is told on the page /alerts alone."))
    out.emit({"kept": True, **made.model_dump(mode="json")})


def _said_back(out: Out, offer: OfferDocument) -> None:
    out.say(offer.says, style="bold")
    if offer.now:
        out.say(f"Now: {offer.now}", style="dim")


def show_all(out: Out, tenant: str | None) -> None:
    """The alerts there are, and the targets."""
    with _handlers(out) as handlers:
        found = handlers.list(_asker(tenant))
    rows = [(one.id, _state(one), one.name, ", ".join(one.draft.targets), one.says) for one in found.alerts]
    if rows:
        out.table(("id", "state", "name", "goes to", "last seen"), rows, limit=len(rows))
    else:
        out.say('There is none. `asklake alert add "tell me when …"` makes one.')
    targets = [
        (one.name, one.kind, one.missing or (f"{one.waiting} waiting: {one.error}" if one.failures else "well"))
        for one in found.targets
    ]
    if targets:
        out.table(("target", "kind", "does"), targets, limit=len(targets))
    out.emit(found.model_dump(mode="json"))


def _state(one: AlertDocument) -> str:
    if one.muted_until and one.muted_until > utc_now():
        return f"muted until {one.muted_until:%Y-%m-%d %H:%M}"
    if one.next_at:
        return f"next {one.next_at:%Y-%m-%d %H:%M}"
    return one.state.value if one.judged_at else "not judged yet"


def show(out: Out, alert_id: str, tenant: str | None) -> None:
    """One alert: what it means, where it stands, what was told of it, and what waits."""
    with _handlers(out) as handlers:
        found = handlers.show(_asker(tenant), alert_id)
    out.say(found.alert.meaning, style="bold")
    out.say(f"{_state(found.alert)}. {found.alert.says}".strip())
    rows = [(f"{e.at:%Y-%m-%d %H:%M}", e.state.value, e.says, e.silent) for e in found.entries]
    if rows:
        out.table(("at (UTC)", "state", "what was seen", "not sent because"), rows, limit=len(rows))
    waiting = [(m.target, m.tries, m.error) for m in found.messages if m.status == "waiting"]
    if waiting:
        out.table(("waits for", "tries", "why"), waiting, limit=len(waiting))
    out.emit(found.model_dump(mode="json"))


def mute(out: Out, alert_id: str, hours: float, tenant: str | None) -> None:
    """Send nothing of an alert for some hours; none: send again."""
    until = utc_now() + timedelta(hours=hours) if hours else None
    with _handlers(out) as handlers:
        found = handlers.mute(_asker(tenant), alert_id, Mute(until=until))
    out.say(f"{found.name}: {_state(found)}")
    out.emit(found.model_dump(mode="json"))


def remove(out: Out, alert_id: str, tenant: str | None) -> None:
    """Let an alert be no more."""
    with _handlers(out) as handlers:
        handlers.remove(_asker(tenant), alert_id)
    out.say(f"{alert_id} is removed.")
    out.emit({"removed": alert_id})


def test(out: Out, target: str) -> None:
    """Send a message to a target now.

    Raises:
        CommandError: it did not arrive.
    """
    with _handlers(out) as handlers:
        found = handlers.test(_asker(None), Test(target=target))
    if not found.sent:
        raise CommandError(f"the test did not reach {target}", found.error, Exit.FAILED)
    out.say(f"The test reached {target}. {found.error}".rstrip())
    out.emit(found.model_dump(mode="json"))


@contextmanager
def _handlers(out: Out) -> Iterator[AlertHandlers]:
    """What alerts are handled by over the lake of the settings; its errors as those of a command."""
    lake = open_lake()
    parts = AlertParts.open(lake)
    try:
        with out.quietly():
            dashboards = parts.dashboards(lake, open_answerer(lake))
        yield AlertHandlers(parts, dashboards)
    except ApiError as error:
        nearest = ", ".join(error.details.get("nearest", ()))
        hint = f"nearest: {nearest}" if nearest else "`asklake alert list` shows what there is"
        code = Exit.REFUSED if error.status == 403 else Exit.USAGE
        raise CommandError(error.message.rstrip("."), hint, code) from error
    finally:
        parts.close()


def _quiet(text: str | None) -> QuietHours | None:
    if not text:
        return None
    begin, _, end = text.partition("-")
    try:
        return QuietHours(begin=begin.strip(), end=end.strip())
    except ValueError as error:
        raise CommandError(f"'{text}' are no quiet hours", "write them as 22:00-07:00", Exit.USAGE) from error


def _asker(tenant: str | None) -> Asker:
    return Asker(Caller(tenant=tenant), _NAME)
