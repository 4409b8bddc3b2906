"""Emptying the outbox: each message that is due, to its target, within a bounded time.

Belongs here: the round over what waits. Does not belong here: how one is sent (``mail``, ``webhooks``), the order and
the waits (``outbox``).
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lakehouse_assets.alerts.messages import Message
from lakehouse_assets.alerts.outbox import Outbox, Waiting
from lakehouse_assets.alerts.sending import mail, webhooks
from lakehouse_assets.alerts.sending.bounded import WHOLE_S, NotSentError
from lakehouse_assets.alerts.targets import Target, Targets, UnknownTargetError
from lakehouse_assets.settings import Settings
from nlq.core.guard import Caller

BATCH = 50
ROUND_S = 25.0
"""Seconds in which a round begins no other message: a tick of a sensor has a minute."""
_AT_ONCE = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """How many messages of a round arrived, and how many did not."""

    sent: int
    failed: int


class Sender:
    """Sends what waits in an outbox to the targets of the settings."""

    def __init__(self, settings: Settings, outbox: Outbox) -> None:
        self._settings, self._outbox, self._targets = settings, outbox, Targets(settings)

    def round(self, seconds: float = ROUND_S) -> Round:
        """Send what is due; of a target that fails, the others are tried with its next turn."""
        until = time.monotonic() + seconds
        found = self._outbox.lease(BATCH)
        by_target: dict[str, list[Waiting]] = {}
        for one in found:
            by_target.setdefault(one.target, []).append(one)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            counts = list(threads.map(lambda waiting: self._to_one(waiting, until), by_target.values()))
        sent = sum(counts)
        return Round(
            sent, len([waiting for waiting, n in zip(by_target.values(), counts, strict=True) if n < len(waiting)])
        )

    def _to_one(self, waiting: list[Waiting], until: float) -> int:
        """Send messages to one target until one fails or the time is over; returns how many arrived."""
        arrived = 0
        for number, one in enumerate(waiting):
            if time.monotonic() > until - WHOLE_S:
                self._give_back(waiting[number:])
                return arrived
            try:
                # Whose target it may be was looked at when the alert was made; it may be another's by now.
                refused = self.send(self._targets.find(one.target, Caller(one.tenant)), one.message)
            except UnknownTargetError as error:  # it is not for the tenant any more: others' messages go on
                _log.warning("message %s may not go to %s: %s", one.message.id, one.target, error)
                self._outbox.put_off(one, str(error))
                continue
            except (NotSentError, ValueError) as error:
                _log.warning("message %s did not reach %s: %s", one.message.id, one.target, error)
                self._outbox.failed(one, str(error))
                self._give_back(waiting[number + 1 :])
                return arrived
            if refused:
                _log.warning("message %s: %s", one.message.id, refused)
            self._outbox.sent(one, refused=refused)
            arrived += 1
        return arrived

    def _give_back(self, waiting: list[Waiting]) -> None:
        for one in waiting:
            self._outbox.give_back(one)

    def send(self, target: Target, message: Message) -> str:
        """Send one message to a target now.

        Returns:
            Which addresses of the target did not get it, in words; empty where all did.

        Raises:
            NotSentError: it did not arrive.
        """
        if target.missing:
            raise NotSentError(target.missing)
        if target.kind == "email":
            return mail.send(self._settings, target.to, message)
        webhooks.send(target, message, private=self._settings.private_targets)
        return ""
