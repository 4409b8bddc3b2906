"""Keys of logs that Dagster's webserver breaks at, told apart from those that it can look up."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

NAMED = "query($key: [String!]!) { capturedLogs(logKey: $key) { stdout } }"
BAD: list[Any] = [
    [], [".."], ["..", "..", "etc"], ["a", "..", "b"], ["."], ["/etc", "passwd"], ["a/../../b", "c"], ["a\0", "b"],
    ["x" * 300, "b"], ["a", "ü" * 200], "..", 1, None, [1], [None], {"a": "b"},
]  # fmt: skip


@pytest.mark.parametrize("key", BAD)
@pytest.mark.parametrize("field", ["capturedLogs", "capturedLogsMetadata"])
def test_a_key_that_names_no_log_is_told_so(server: TestClient, field: str, key: Any) -> None:
    query = NAMED.replace("capturedLogs", field).replace("stdout", "__typename")
    told = server.post("/graphql", json={"query": query, "variables": {"key": key}})
    assert told.status_code == 400 and "key of a log" in told.json()["error"]["message"]


@pytest.mark.parametrize(
    "query",
    [
        '{ capturedLogs(logKey: ["..", "x"]) { stdout } }',
        '{ version  again: capturedLogs(logKey: ["a/b", "x"]) { stdout } }',
        'query($part: String!) { capturedLogs(logKey: ["a", $part]) { stdout } }',
        "{ ...Parts } fragment Parts on Query { capturedLogsMetadata(logKey: []) { stdoutLocation } }",
        'query($key: [String!]! = [".."]) { capturedLogs(logKey: $key) { stdout } }',
        "query($key: [String!]!) { capturedLogs(logKey: $key) { stdout } }",
    ],
)
def test_so_it_is_wherever_the_key_stands(server: TestClient, query: str) -> None:
    told = server.post("/graphql", json={"query": query, "variables": {"part": "../x"}})
    assert told.status_code == 400 and told.json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ('{ capturedLogs(logKey: ["run", "compute_logs", "step[x]"]) { stdout } }', None),
        (NAMED, {"key": ["location", "schedule", ""]}),
        (NAMED.replace("]!)", ']! = ["a", "b"])', 1), {}),
    ],
)
def test_a_log_that_is_not_there_is_empty(server: TestClient, query: str, variables: Any) -> None:
    told = server.post("/graphql", json={"query": query, "variables": variables})
    assert told.status_code == 200 and told.json() == {"data": {"capturedLogs": {"stdout": None}}}


@pytest.mark.parametrize("query", ["{ logKey", "{ " * 3000 + "logKey" + " }" * 3000, "{ logKey }"])
def test_a_query_that_cannot_be_read_is_told_by_dagster(server: TestClient, query: str) -> None:
    told = server.post("/graphql", content=json.dumps({"query": query}), headers={"content-type": "application/json"})
    assert told.status_code == 400 and told.json()["errors"]


def test_a_query_is_of_bounded_length_and_its_variables_are_not(server: TestClient) -> None:
    told = server.post("/graphql", json={"query": "{" + " version" * 10_000 + "}"})
    assert told.status_code == 400 and "variables" in told.json()["error"]["message"]
    query = "query($name: String!) { assetOrError(assetKey: {path: [$name]}) { __typename } }"
    assert server.post("/graphql", json={"query": query, "variables": {"name": "x" * 1_000_000}}).status_code == 200
