"""Topics of Kafka, read while the service runs: one thread for each source, in one process of a machine.

Belongs here: when topics are read, and what is said of it. Does not belong here: reading them (intake.topics).
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.sources import all_sources, find_source
from lakehouse_assets.intake.broker import BrokerError
from lakehouse_assets.intake.registry import RegistryError
from lakehouse_assets.intake.topics import TopicReader
from lakehouse_assets.lockfile import take
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

RETRY_S = 10.0
"""Seconds after which what failed is tried again, and another process is asked whether it still reads."""
ENDS_WITHIN_S = 20.0


class Topics:
    """Reads the sources of kind kafka into bronze; nothing where the settings name no brokers."""

    def __init__(self, lake: Lake) -> None:
        """Nothing is read yet."""
        self._lake = lake
        self._ending = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; sources that a wrong file hides are read once the service is started anew."""
        if not self._lake.settings.kafka_brokers:
            return
        try:
            names = [s.name for s in all_sources().values() if s.kind == "kafka"]
        except SourceError as error:
            logger().error("topics_not_read", problem=str(error))
            return
        for name in names:
            thread = threading.Thread(target=self._run, args=(name,), name=f"topics of {name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End, once what was read is committed; what is not done in time is read again by the next process."""
        self._ending.set()
        for thread in self._threads:
            thread.join(ENDS_WITHIN_S)

    def _run(self, name: str) -> None:
        folder = self._lake.settings.intake_dir
        lock: int | None = None
        while not self._ending.is_set():
            try:
                make_folder(folder)
                lock = lock if lock is not None else take(folder / f"topics-{name}.lock")
                if lock is not None:
                    self._read(name)
            except (BrokerError, RegistryError, SourceError, OSError) as error:
                logger().error("topics_not_read", source=name, problem=str(error), next="tried again")
            except Exception:  # whatever it is, nothing of it is in bronze, and it is read again
                logger().exception("topics_not_read", source=name)
            self._ending.wait(RETRY_S)
        if lock is not None:
            os.close(lock)

    def _read(self, name: str) -> None:
        """Read a source until the service ends, or something fails."""
        reader = TopicReader(self._lake, find_source(name))
        try:
            while not self._ending.is_set():
                for one in reader.commit(self._lake.settings.intake_every_s):
                    logger().info(
                        "committed", source=name, topic=one.topic, partition=one.partition, first=one.first,
                        end=one.end, loaded=one.loaded, quarantined=one.quarantined,
                    )  # fmt: skip
        finally:
            reader.close()
