"""The log of the process as `asklake serve` configures it, for a while.

Belongs here: configuring it and putting everything back. Does not belong here: what is expected of a line.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog

from lakehouse_assets.http import logs


@contextmanager
def logged(secrets: Iterable[str] = ()) -> Iterator[io.StringIO]:
    """What is logged meanwhile, a line each; later tests find loggers as they were."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(stream=stream, secrets=secrets)
    try:
        yield stream
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.configure(**before)
