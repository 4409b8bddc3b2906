"""Running what a person wrote in SQL: within limits of the operating system, which hold where the engine's do not.

DuckDB counts what it sorts, joins and groups by; a text or list that a function makes of one value (`repeat`, `rpad`,
a text doubled forty times) it allocates outside of its limit, and a function at work on one value is not interrupted.
So the process, which runs nothing but this one command, gets no more memory than the limit and what it takes besides,
and ends if the engine does not stop in time.
Belongs here: those limits. Does not belong here: which statements are allowed (lakehouse.parse_tree).
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lakehouse_assets.apart import bound_memory
from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.reporting import report

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

BESIDES = 512 << 20
"""Bytes that the process may take besides a quarter more than the engine's limit: the result, twice, and its rows."""
GRACE_S = 10.0
"""Seconds after its time is over within which a query has to end."""


@contextmanager
def bounded_memory(settings: Settings) -> Iterator[None]:
    """Run the block with no more memory than the settings allow the engine, and what the process takes besides.

    Raises:
        CommandError: it was not enough.
    """
    import duckdb

    before = resource.getrlimit(resource.RLIMIT_DATA)
    try:
        bound_memory(settings.memory_bytes * 5 // 4 + BESIDES)
        yield
    except (MemoryError, duckdb.OutOfMemoryException) as error:
        raise CommandError(
            f"this needs more memory than the {settings.memory_limit} it may use",
            "read fewer rows, make shorter texts and lists, or raise ASKLAKE_MEMORY_LIMIT",
            kind="out_of_memory",
        ) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


@contextmanager
def bounded_time(settings: Settings, *, as_json: bool, grace_s: float = GRACE_S) -> Iterator[None]:
    """End the process where the block, one query, goes on after it was cancelled.

    Args:
        settings: The settings of the process.
        as_json: How it is told.
        grace_s: Seconds that the block may take beside the time of a query.
    """
    watch = threading.Timer(settings.query_timeout_s + grace_s, _end, [settings.query_timeout_s, as_json])
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _end(timeout_s: float, as_json: bool) -> None:
    told = CommandError(
        f"the statement was cancelled after {timeout_s:g} s and did not stop; the command was ended",
        "ask for less, or raise ASKLAKE_QUERY_TIMEOUT_S",
        kind="query_timeout",
    )
    report(told, as_json=as_json)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(told.code))
