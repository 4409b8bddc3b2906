"""Text that came from outside, as it may stand in a terminal or a log: shown, never obeyed.

A name or a value may hold what a terminal takes for an order (ESC and the C1 controls: colours, titles, links, the
clipboard), what turns the direction of a line round, or what begins a new line. All of these are shown as escapes.
Belongs here: that, for every printer of the program. Does not belong here: what is printed (commands, service.logs).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection
from itertools import islice
from typing import Any

_MOST_OF_NAME = 100
"""Characters of a name in a list."""
_OBEYED = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, C0 and C1, but for tab and newline
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directions
    "\u2028\u2029"  # ends of lines and paragraphs
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # marks that nobody sees
    "\ud800-\udfff"  # halves of characters, which no stream takes
)
_IN_LINES, _IN_ONE_LINE = re.compile(f"[{_OBEYED}]"), re.compile(f"[{_OBEYED}\t\n]")


def shown(text: str) -> str:
    """A text of the program with parts from outside, whose lines stay lines; ESC is shown by its escape."""
    return _IN_LINES.sub(_escape, text)


def shown_in_line(text: str) -> str:
    """A value or a name from outside, on one line: its own ends of lines are shown by escapes, too."""
    return _IN_ONE_LINE.sub(_escape, text)


def listed(names: Collection[str], most: int = 100) -> str:
    """Names from outside as a list for people: the first of however many, the beginning of however long a one."""
    told = [name if len(name) <= _MOST_OF_NAME else f"{name[:_MOST_OF_NAME]}…" for name in islice(names, most)]
    return ", ".join([*told, f"and {len(names) - most:,} more"] if len(names) > most else told)


def json_line(document: Any, **options: Any) -> str:
    """A document as one line of JSON, with the escapes of JSON for what a terminal would obey.

    NaN and infinity are null, as over HTTP: JSON has neither, and a strict reader refuses the whole document.

    Args:
        document: What JSON has a form for, or `options` give one.
        options: As of `json.dumps`.
    """
    options = {**options, "ensure_ascii": False, "allow_nan": False}
    try:
        text = json.dumps(document, **options)
    except ValueError:
        text = json.dumps(_in_json(document, options.pop("default", None)), **options)
    return _IN_LINES.sub(lambda found: json.dumps(found[0])[1:-1], text)


def _in_json(value: Any, default: Callable[[Any], Any] | None) -> Any:
    """A value of which every number is one of JSON's."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _in_json(one, default) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_in_json(one, default) for one in value]
    if value is None or isinstance(value, str | int) or default is None:
        return value
    return _in_json(default(value), default)


def _escape(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]
