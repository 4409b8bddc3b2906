"""Logs as one JSON object per line on stderr, the service's own and those of its libraries.

Belongs here: the form of a line. Does not belong here: what is worth one. A key never gets into a line: only its id.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

_LOGGED_QUESTION = 300


def configure(level: int = logging.INFO, stream: Any = None) -> None:
    """Send every log of the process to stderr as JSON."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.dict_tracebacks,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    for name in ("asklake", "nlq", "uvicorn.error"):
        logging.getLogger(name).setLevel(level)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )


def logger() -> Any:
    """The service's logger; key and value pairs become fields of the line."""
    return structlog.get_logger("asklake.service")


def shortened(question: str) -> str:
    """A question as it stands in a line."""
    return question if len(question) <= _LOGGED_QUESTION else question[:_LOGGED_QUESTION] + "…"
