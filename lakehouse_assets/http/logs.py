"""Logs as one JSON object per line on stderr, the service's own and those of its libraries.

Belongs here: the form of a line, its bounds, and that no secret is in it. Does not belong here: what is worth one.

A key never gets into a line, only its id: tracebacks have no values of variables, and what else looks like a secret,
or is one of the settings, is taken out of the finished line.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from lakehouse_assets.redaction import redacted
from lakehouse_assets.shown import json_line

MAX_LINE = 16_000
"""Characters that a line has at most."""
_LOGGED_QUESTION = 300
_MAX_TEXT, _MAX_ITEMS, _MAX_DEPTH = 1_000, 30, 6
_TEXT_OF_LONG = 100
_INTEGER_BITS = 64


def configure(level: int = logging.INFO, stream: Any = None, secrets: Iterable[str] = ()) -> None:
    """Send every log of the process to stderr as JSON.

    Args:
        level: The least that is told by the service itself; of libraries, warnings and worse.
        stream: Where to instead of stderr.
        secrets: Values that must not be told, such as passwords of the settings.
    """
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False, max_frames=20)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(frames),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _Line(secrets)],
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


def request_id() -> str:
    """What the log knows the request under way by; empty outside of one."""
    return structlog.contextvars.get_contextvars().get("request_id", "")


def shortened(question: str) -> str:
    """A question as it stands in a line."""
    return question if len(question) <= _LOGGED_QUESTION else question[:_LOGGED_QUESTION] + "…"


class _Line:
    """Makes the line of an event: JSON, without secrets, not longer than ``MAX_LINE``."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = [form for secret in secrets for form in (secret, json_line(secret)[1:-1])]
        self._render = structlog.processors.JSONRenderer(serializer=json_line)

    def __call__(self, named: Any, method: str, event: Mapping[str, Any]) -> str:
        line = self._without_secrets(self._render(named, method, _bounded(event)))
        if len(line) <= MAX_LINE:
            return line
        plain = [(key, value) for key, value in event.items() if not isinstance(value, list | tuple | Mapping)]
        short = {key[:_TEXT_OF_LONG]: _cut(value, _TEXT_OF_LONG) for key, value in plain[:_MAX_ITEMS]}
        return self._without_secrets(self._render(named, method, short))

    def _without_secrets(self, line: str | bytes) -> str:
        text = line if isinstance(line, str) else line.decode()
        # What cannot be written as UTF-8 must not cost the line.
        return redacted(text, self._secrets).encode("utf-8", "backslashreplace").decode()


def _bounded(value: Any, depth: int = 0) -> Any:
    """A value with at most so many characters, items and levels."""
    if isinstance(value, Mapping):
        items = list(value.items())[:_MAX_ITEMS] if depth < _MAX_DEPTH else ()
        return {str(key)[:_TEXT_OF_LONG]: _bounded(item, depth + 1) for key, item in items}
    if isinstance(value, list | tuple):
        return [_bounded(item, depth + 1) for item in value[:_MAX_ITEMS]] if depth < _MAX_DEPTH else []
    return _cut(value, _MAX_TEXT)


def _cut(value: Any, most: int) -> Any:
    """A value that JSON has a form for, and texts of so many characters at most."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _INTEGER_BITS else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = value if isinstance(value, str) else _described(value)
    # What a traceback is about stands at its end.
    return text if len(text) <= most else f"{text[: most - most // 2]}…{text[-(most // 2) :]}"


def _described(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # a line is worth more than what one of its objects says of itself
        return type(value).__name__
