"""Secrets out of texts that others read: lines of logs, events of runs, messages of commands.

Belongs here: finding a secret in a text, by its value or by what stands around it. Does not belong here: which values
are secret (settings), or where texts go.

It is the last of several lines: nothing that is told should hold a secret in the first place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "***"
LEAST = 6
"""Characters a value has at least to be looked for: a shorter one is part of innocent words."""
_NAME = (
    r"(?<![^\W_])(?:(?:proxy-)?authorization|(?:set-)?cookie|api[_-]?key|access[_-]?key(?:[_-]?id)?"
    r"|secret(?:[_-](?:access[_-])?key)?|token|password|passwd|pwd|x-amz-(?:signature|credential|security-token))"
)
_QUOTE = r"\\*[\"']"
_IN_NAMES = ("authorization", "cookie", "key", "secret", "token", "passw", "pwd", "x-amz-")
"""Each name of `_NAME` has one of these: a text that has none needs no pattern of names, which take longest."""
_OF_VALUES = (
    # A key of the API keeps its id, by which it can be revoked.
    (re.compile(r"\b(alk_[0-9A-Za-z-]{1,32})_[\w-]+"), rf"\1_{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=*-]{3,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']*):[^\s/@\"']+@"), rf"\1:{HIDDEN}@"),
)
_OF_NAMES = (
    # {'cookie': 'a=b; c=d'}, password='…', SECRET '…'; (b'authorization', b'…')
    (re.compile(rf"(?i)({_NAME}(?:{_QUOTE})?(?:\s*[:=]\s*b?|\s+){_QUOTE})[^\"'\n\\]*"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(\(b?{_QUOTE}(?:[\w.-]*){_NAME}{_QUOTE},\s*b?{_QUOTE})[^\"'\n\\]*"), rf"\1{HIDDEN}"),
    # Cookie: a=b; c=d, and ?token=…&password=…
    (re.compile(r"(?i)\b((?:set-)?cookie\s*[:=]\s*)(?![\"'\\])[^\n\"'\\]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)({_NAME}\s*[=:]\s*)(?!(?:bearer|basic)\b)[^\s\"'&,;)\]}}\\]+"), rf"\1{HIDDEN}"),
)


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without secrets.

    Args:
        text: Whatever is about to be told.
        secrets: Values that must not be told; the longest are looked for first.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= LEAST:
            text = text.replace(secret, HIDDEN)
    folded = text.casefold()
    of_names = _OF_NAMES if any(part in folded for part in _IN_NAMES) else ()
    for pattern, instead in (*_OF_VALUES, *of_names):
        text = pattern.sub(instead, text)
    return text
