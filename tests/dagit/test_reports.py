"""Reports of assets to Dagster's real webserver: those that are none leave nothing behind."""

from __future__ import annotations

import json
from typing import Any

import dagster as dg
import pytest
from starlette.testclient import TestClient

JSON = {"content-type": "application/json"}
KEYS: list[Any] = [1, None, [], [1], ["a", None], {}, "\ud800"]
TEXTS: list[Any] = [1, True, {}, ["a"], "\ud800"]
FIELDS: dict[str, list[Any]] = {
    **{name: TEXTS for name in ("data_version", "description", "partition", "check_name", "severity")},
    "passed": [1, None, "true", []],
    "metadata": [1, "text", [], [1], {"a": "\ud800"}],
}  # fmt: skip


@pytest.mark.parametrize("what", ["materialization", "check", "observation"])
def test_what_is_no_report_is_told_so(server: TestClient, instance: dg.DagsterInstance, what: str) -> None:
    fields = [{"asset_key": key} for key in KEYS] + [{name: value} for name in FIELDS for value in FIELDS[name]]
    bodies = ["", "{", "1", "[]", '"asset_key"', "null"]
    for body in bodies + [json.dumps({"asset_key": "bad", "passed": True, **given}) for given in fields]:
        told = server.post(f"/report_asset_{what}/bad", content=body, headers=JSON)
        assert told.status_code == 400, body
        assert told.json()["error"]["message"]
    assert not instance.has_asset_key(dg.AssetKey("bad"))


@pytest.mark.parametrize("what", ["materialization", "check", "observation"])
def test_a_report_is_taken(server: TestClient, instance: dg.DagsterInstance, what: str) -> None:
    report = {
        "asset_key": ["reported", what], "data_version": "1", "description": None, "metadata": {"rows": 3},
        "partition": "2026-01-01", "check_name": "there", "passed": True, "severity": "WARN",
    }  # fmt: skip
    assert server.post(f"/report_asset_{what}/", json=report).status_code == 200
    if what == "materialization":
        assert instance.has_asset_key(dg.AssetKey(["reported", what]))
