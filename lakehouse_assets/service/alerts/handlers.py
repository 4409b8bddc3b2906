"""What the addresses of alerts do, without HTTP.

Belongs here: who may see and change which, the course of each. Does not belong here: requests and responses
(``routes``), what alerts are (``lakehouse_assets.alerts``).

An alert is seen by who may see the answers of who made it, and changed by the key it was made with, or by an admin who
may see it. For whom it is judged is fixed with it: nobody who changes it makes it see more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from lakehouse_assets.alerts.messages import Message
from lakehouse_assets.alerts.model import Draft, Kept
from lakehouse_assets.alerts.sending.bounded import NotSentError
from lakehouse_assets.alerts.store import TooManyError
from lakehouse_assets.alerts.targets import TargetsError, UnknownTargetError
from lakehouse_assets.alerts.wishes import Offer, WishError, Wishes
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.alerts.documents import (
    AlertDocument,
    AlertHistory,
    Alerts,
    EntryDocument,
    MessageDocument,
    Mute,
    OfferDocument,
    TargetDocument,
    Test,
    Tested,
    UnderstoodDocument,
    Wish,
)
from lakehouse_assets.service.alerts.parts import AlertParts
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers
from nlq.core.guard import ROLES, Caller, may_see
from nlq.core.utc import utc_now
from nlq.watching import times


@dataclass(frozen=True)
class AlertHandlers:
    """The parts that alerts need. All methods wait for a database or the engine: call them in worker threads."""

    parts: AlertParts
    dashboards: DashboardHandlers

    def list(self, asker: Asker) -> Alerts:
        """The alerts that the asker may see, and the targets that the asker may choose.

        Raises:
            ApiError: the file of targets cannot be read.
        """
        seen = [one for one in self.parts.store.all() if may_see(asker.caller, one.caller)]
        does = {one.target: one for one in self.parts.outbox.receivers(asker.caller.tenant)}
        try:
            named = {one.name: one for one in self.parts.targets.of(asker.caller)}
            for address in sorted({name for one in seen for name in one.draft.targets} - named.keys()):
                try:
                    named[address] = self.parts.targets.find(address, asker.caller)
                except UnknownTargetError:
                    continue  # of another tenant, or no more: what waits for it is told by its alert
        except TargetsError as error:
            raise _unreadable(error) from None
        targets = tuple(TargetDocument.of(one, does.get(name)) for name, one in named.items())
        alerts = tuple(AlertDocument.of(one, editable=_may_change(asker, one)) for one in seen)
        zone = self.parts.zones.name(asker.caller.tenant)
        return Alerts(alerts=alerts, targets=targets, domains=self.parts.targets.domains, zone=zone)

    def understand(self, asker: Asker, wish: Wish) -> UnderstoodDocument:
        """What a sentence wishes for; nothing is kept.

        Raises:
            ApiError: it is no wish, or its figure is not known to the asker.
        """
        try:
            return UnderstoodDocument.of(self._wishes(asker).understand(wish.sentence, _shown(asker), wish.now))
        except WishError as error:
            raise _refused(error) from None

    def check(self, asker: Asker, draft: Draft) -> OfferDocument:
        """What a draft of a form means; nothing is kept.

        Raises:
            ApiError: it cannot be kept.
        """
        return OfferDocument.of(self._offer(asker, draft))

    def make(self, asker: Asker, draft: Draft) -> AlertDocument:
        """Keep an alert for the asker.

        Raises:
            ApiError: the figure, the condition or a target is not for the asker, or there are too many.
        """
        offer = self._offer(asker, draft)
        kept = offer.draft.model_copy(update={"meaning": offer.says})
        now = utc_now()
        due_at = times.following(kept.cron, self.parts.zones.name(asker.caller.tenant), now) if kept.cron else now
        try:
            made = self.parts.store.add(
                kept, asker.caller, key_id=asker.share, made_by=asker.name, due_at=due_at, now=now
            )
        except TooManyError as error:
            raise ApiError(409, "too_many", f"{error}.".capitalize()) from None
        return AlertDocument.of(made, editable=True)

    def show(self, asker: Asker, alert_id: str) -> AlertHistory:
        """An alert with its history.

        Raises:
            ApiError: there is none that the asker may see.
        """
        kept = self._seen(asker, alert_id)
        entries = tuple(map(EntryDocument.of, self.parts.store.history(alert_id)))
        messages = tuple(map(MessageDocument.of, self.parts.outbox.of_alert(alert_id)))
        alert = AlertDocument.of(kept, editable=_may_change(asker, kept))
        return AlertHistory(alert=alert, entries=entries, messages=messages)

    def mute(self, asker: Asker, alert_id: str, mute: Mute) -> AlertDocument:
        """Send nothing of an alert until a moment, or again.

        Raises:
            ApiError: there is none that the asker may change.
        """
        self._own(asker, alert_id)
        self.parts.store.mute(alert_id, mute.until)
        return AlertDocument.of(self._seen(asker, alert_id), editable=True)

    def remove(self, asker: Asker, alert_id: str) -> None:
        """Let an alert be no more.

        Raises:
            ApiError: there is none that the asker may change.
        """
        self._own(asker, alert_id)
        self.parts.store.remove(alert_id)

    def test(self, asker: Asker, test: Test) -> Tested:
        """Send a message to a target now.

        Raises:
            ApiError: there is no such target for the asker.
        """
        caller = _shown(asker)
        now = utc_now()
        message = Message(
            id=str(uuid.uuid4()), alert_id="", name="Test", kind="test", subject="A test from asklake",
            lines=(f"{asker.name} asked for this message, to see whether it arrives.",), at=now,
        )  # fmt: skip
        try:
            refused = self.parts.sender.send(self.parts.targets.find(test.target, caller), message)
        except UnknownTargetError as error:
            raise ApiError(422, "unknown_target", str(error)) from None
        except TargetsError as error:
            raise _unreadable(error) from None
        except NotSentError as error:
            return Tested(target=test.target, sent=False, error=_sentence(str(error)))
        return Tested(target=test.target, sent=True, error=_sentence(refused))

    # --- inside

    def _wishes(self, asker: Asker) -> Wishes:
        return self.parts.wishes(self.dashboards.answerer, self.dashboards, asker)

    def _offer(self, asker: Asker, draft: Draft) -> Offer:
        caller = _shown(asker)
        try:
            return self._wishes(asker).offer(draft, caller)
        except WishError as error:
            raise _refused(error) from None
        except TargetsError as error:
            raise _unreadable(error) from None

    def _seen(self, asker: Asker, alert_id: str) -> Kept:
        try:
            kept = self.parts.store.get(alert_id)
        except KeyError:
            raise _unknown(alert_id) from None
        if not may_see(asker.caller, kept.caller):
            raise _unknown(alert_id)
        return kept

    def _own(self, asker: Asker, alert_id: str) -> Kept:
        kept = self._seen(asker, alert_id)
        if not _may_change(asker, kept):
            raise ApiError(403, "forbidden", f"This alert is {kept.made_by}'s: an admin may change it, too.")
        return kept


def _may_change(asker: Asker, kept: Kept) -> bool:
    return may_see(asker.caller, kept.caller) and (asker.share == kept.key_id or asker.caller.role == "admin")


def _shown(asker: Asker) -> Caller:
    """The caller, who may be shown something at all.

    Raises:
        ApiError: the key is for sending records alone.
    """
    if not ROLES[asker.caller.role].metrics:
        raise ApiError(403, "forbidden", "This key is for sending records: it is shown nothing, so it is told nothing.")
    return asker.caller


def _refused(error: WishError) -> ApiError:
    status = 403 if error.code == "forbidden" else 422
    return ApiError(status, error.code, str(error), {"nearest": list(error.nearest)})


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _unreadable(error: TargetsError) -> ApiError:
    logger().error("targets_unreadable", problem=str(error))
    return ApiError(503, "unavailable", "The file of targets cannot be read; the service's log says why.")


def _unknown(alert_id: str) -> ApiError:
    return ApiError(404, "unknown_alert", f"There is no alert “{alert_id[:64]}”.")
