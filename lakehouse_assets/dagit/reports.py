"""What a report of an asset is, which a program sends to `/report_asset_materialization`, `…_check` or `…_observation`.

Dagster's webserver stores some values of other kinds, in part or as they are, and answers 500 at others.
Belongs here: the kinds of its fields, by Dagster's documentation of these addresses. Does not belong here: that it is a
JSON object (graphql), or who may send it (guard).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any

from lakehouse_assets.http.errors import ApiError

_KINDS: dict[str, tuple[type | UnionType, str]] = {
    "data_version": (str | None, "a text"),
    "description": (str | None, "a text"),
    "partition": (str | None, "a text"),
    "check_name": (str | None, "a text"),
    "severity": (str | None, "a text"),
    "passed": (bool, "true or false"),
    "metadata": (dict | None, "an object"),
}


def check_report(sent: Mapping[str, Any]) -> None:
    """See that the fields of a report are of their kinds.

    Raises:
        ApiError: one is not.
    """
    for name, (kind, called) in _KINDS.items():
        if name in sent and not isinstance(sent[name], kind):
            raise ApiError(400, "bad_request", f"“{name}” is {called}.")
    if "asset_key" in sent and not _is_asset_key(sent["asset_key"]):
        raise ApiError(400, "bad_request", "“asset_key” is a text, or a list of them.")


def _is_asset_key(key: object) -> bool:
    return isinstance(key, str) or (isinstance(key, list) and bool(key) and all(isinstance(part, str) for part in key))
