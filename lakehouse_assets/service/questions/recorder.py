"""Publishes the journal in the background, while the service runs and when it ends.

Belongs here: the thread, and for how long its end is waited for. Does not belong here: how, and when it is due
(``nlq.storage.journal``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from lakehouse_assets.http.logs import logger

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Published
    from nlq.storage.journal import Journal

LOOKS_EVERY_S = 5.0
ENDS_WITHIN_S = 20.0
RUN_ID = "asklake-serve"
Publish = Callable[["Lake", str], "list[Published]"]


class Recorder:
    """A thread that looks every few seconds whether what waits is due, and publishes it."""

    def __init__(self, journal: Journal, lake: Lake, every_s: float = LOOKS_EVERY_S) -> None:
        """Nothing runs yet."""
        self._journal, self._lake, self._every_s = journal, lake, every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self, within_s: float = ENDS_WITHIN_S) -> None:
        """Publish what waits, and end; what is not done by then waits for the next process."""
        self._ending.set()
        self._thread.join(within_s)

    def _run(self) -> None:
        while not self._ending.wait(self._every_s):
            self._publish(self._journal.publish_due)
        self._publish(self._journal.publish)

    def _publish(self, publish: Publish) -> None:
        try:
            for published in publish(self._lake, RUN_ID):
                logger().info("published", table=published.identifier, rows=published.rows)
        except Exception:  # it still waits, and is tried again
            logger().exception("not_published")
