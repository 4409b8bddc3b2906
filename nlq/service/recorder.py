"""Publishes the journal in the background, while the service runs and when it ends.

Belongs here: when. Does not belong here: how (``nlq.storage.journal``).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nlq.service.logs import logger

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.storage.journal import Journal

EVERY_S = 5.0
RUN_ID = "asklake-serve"


class Recorder:
    """A thread that publishes what waits, every few seconds."""

    def __init__(self, journal: Journal, lake: Lake, every_s: float = EVERY_S) -> None:
        """Nothing runs yet."""
        self._journal, self._lake, self._every_s = journal, lake, every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def start(self) -> None:
        """Start publishing."""
        self._thread.start()

    def stop(self) -> None:
        """Publish what waits, and end."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self._every_s):
            self._publish()
        self._publish()

    def _publish(self) -> None:
        try:
            if self._journal.waiting():
                for published in self._journal.publish(self._lake, RUN_ID):
                    logger().info("published", table=published.identifier, rows=published.rows)
        except Exception:  # it still waits, and is tried again
            logger().exception("not_published")
