"""What a request of GraphQL is, as a body of HTTP and as a message of a WebSocket.

Dagster's webserver takes what is none for a defect of its own: it answers 500, or drops the connection.
Belongs here: the form of requests and messages, and the values in them that name files. Does not belong here: who may
send them (guard), how many there may be on a WebSocket (subscriptions).

The messages are those of subscriptions-transport-ws (its PROTOCOL.md), which Dagit speaks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    ArgumentNode,
    GraphQLError,
    Node,
    VariableDefinitionNode,
    Visitor,
    parse,
    value_from_ast_untyped,
    visit,
)

from lakehouse_assets.http.errors import ApiError

_FROM_CLIENTS = ("connection_init", "start", "stop", "connection_terminate")
MAX_QUERY = 64 * 1024
"""Characters of a query; the longest of Dagit's pages has 7,500. Reading one keeps all others waiting."""
_LOG_KEY = "logKey"
_MAX_PART = 240
"""Bytes of a part of a log's key, which is a name of a folder or, with its ending, of a file."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def json_object(text: str) -> dict[str, Any]:
    """The JSON object that a text is.

    Raises:
        ApiError: it is none, or has half of a surrogate pair.
    """
    try:
        sent = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(sent, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _bad("This is no JSON that can be read.") from None
    if not isinstance(sent, dict):
        raise _bad("This is no JSON object.")
    return sent


def check_request(sent: Mapping[str, Any]) -> None:
    """See that this is a request of GraphQL over HTTP, with values that can name what they are to name.

    Raises:
        ApiError: it is not.
    """
    for name, kinds in (("query", str), ("operationName", str | None), ("variables", dict | None)):
        if not isinstance(sent.get(name), kinds):
            raise _bad(f"“{name}” is not what GraphQL over HTTP says it is.")
    if len(sent["query"]) > MAX_QUERY:
        raise _bad(f"A query has at most {MAX_QUERY // 1024} kB; what is long is given by variables.")
    if _LOG_KEY in sent["query"] and not all(
        is_log_key(key) for key in _log_keys(sent["query"], sent.get("variables"))
    ):
        raise _bad("A key of a log is a list of names, none of which leads elsewhere.")


def check_message(sent: Mapping[str, Any]) -> None:
    """See that this is a message that a client sends.

    Raises:
        ApiError: it is not.
    """
    if sent.get("type") not in _FROM_CLIENTS:
        raise _bad("There is no message of this type.")
    if not isinstance(sent.get("id"), str | None):
        raise _bad("“id” is no text.")
    if sent["type"] == "start":
        payload = sent.get("payload")
        if not isinstance(payload, dict) or not isinstance(payload.get("operation_name"), str | None):
            raise _bad("“payload” is no request.")
        check_request(payload)


def is_log_key(key: object) -> bool:
    """Whether this can name a log: Dagster makes a path of it, and fails at one that leads out of its folder."""
    return isinstance(key, Sequence) and bool(key) and all(isinstance(part, str) and _is_name(part) for part in key)


def _is_name(part: str) -> bool:
    return part not in (".", "..") and not set(part) & {"/", "\0"} and len(part.encode()) <= _MAX_PART


def _log_keys(query: str, variables: Mapping[str, Any] | None) -> list[Any]:
    """The keys of logs that a query asks for; none where it cannot be read, which Dagster tells well."""
    try:
        document = parse(query)
    except (GraphQLError, RecursionError):
        return []
    found = _Arguments()
    visit(document, found)
    given = {**found.defaults, **(variables or {})}
    return [value_from_ast_untyped(node.value, given) for node in found.log_keys]


class _Arguments(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.log_keys: list[ArgumentNode] = []
        self.defaults: dict[str, Any] = {}

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Node | object) -> None:
        if node.default_value is not None:
            self.defaults[node.variable.name.value] = value_from_ast_untyped(node.default_value)

    def enter_argument(self, node: ArgumentNode, *_: Node | object) -> None:
        if node.name.value == _LOG_KEY:
            self.log_keys.append(node)


def _bad(message: str) -> ApiError:
    return ApiError(400, "bad_request", message)
