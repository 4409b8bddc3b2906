"""Names and values as SQL text that DuckDB and Trino read alike.

Belongs here: quoting. Does not belong here: a person's text, which is checked first
(semantic.requests.filters) or given as a parameter; whole statements.
"""

from __future__ import annotations

from typing import Any


def quoted(name: str) -> str:
    """An identifier quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A Python value as a SQL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value).replace("'", "''")
    return f"'{text}'"
