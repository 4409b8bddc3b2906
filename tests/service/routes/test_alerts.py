"""The addresses of alerts: from a sentence to what is kept, and no tenant sees, changes or learns of another's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.alerts.store import AlertStore
from nlq.core.guard import Caller, may_see
from nlq.storage.keys import KeyStore
from tests.service.conftest import NOW, Served, problem

SENTENCE = "tell me when complaints in ward 3 pass 100"
HOLDERS = ("amritsar", "jalandhar", "admin")
PLAN = {"metrics": ["pgr_complaints"]}
ABOVE = {"kind": "threshold", "value": 100}


def understood(client: httpx.Client, sentence: str) -> dict[str, Any]:
    response = client.post("/alerts/understand", json={"sentence": sentence, "now": NOW})
    assert response.status_code == 200, response.text
    return response.json()


def made(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    draft = {"name": "many complaints", "plan": PLAN, "condition": ABOVE, **changes}
    response = client.post("/alerts", json=draft)
    assert response.status_code == 201, response.text
    return response.json()


def test_from_a_sentence_to_an_alert_and_its_end(keyed: Served) -> None:
    with keyed.client("amritsar") as client:
        (offer,) = understood(client, SENTENCE)["offers"]
        assert offer["says"] == "You are told when “Complaints” (Ward is Ward 03; Tenant is Amritsar) is above 100."
        assert offer["now"].startswith("Complaints: ")
        response = client.post("/alerts", json=offer["draft"])
        assert response.status_code == 201
        alert = response.json()
        assert (alert["tenant"], alert["role"], alert["editable"]) == ("pb.amritsar", "viewer", True)
        assert alert["meaning"] == offer["says"]
        assert alert["id"] in [one["id"] for one in client.get("/alerts").json()["alerts"]]
        muted = client.post(f"/alerts/{alert['id']}/mute", json={"until": "2030-01-01T00:00:00Z"}).json()
        assert muted["muted_until"] == "2030-01-01T00:00:00Z"
        assert client.post(f"/alerts/{alert['id']}/mute", json={}).json()["muted_until"] is None
        shown = client.get(f"/alerts/{alert['id']}").json()
        assert (shown["alert"]["id"], shown["entries"], shown["messages"]) == (alert["id"], [], [])
        assert client.delete(f"/alerts/{alert['id']}").status_code == 204
        problem(client.get(f"/alerts/{alert['id']}"), 404, "unknown_alert")


def test_what_is_open_is_asked_back(keyed: Served) -> None:
    with keyed.client("admin") as client:
        found = understood(client, "tell me when complaints drop by 20 % in ward 3")
        assert found["question"].startswith("Compared with what?")
        assert not found["offers"]
        (offer,) = understood(client, found["sentences"][1])["offers"]
        assert "falls by 20 % or more in a whole week, against the week before" in offer["says"]
        found = understood(client, "tell me when complaints pass 20 %")
        assert "is no share" in found["question"]
        (offer,) = understood(client, "tell me when reopen rate is above 20 %")["offers"]
        assert offer["draft"]["condition"]["value"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("complaints by ward", "no_wish"),
        ("tell me when the zyxgub passes 3", "not_understood"),
        ("tell me when complaints and reopen rate pass 3", "misfit"),
        ("tell me when complaints last week drop by 3 % week over week", "misfit"),
        ("tell me when a load of nothing_such fails", "unknown_source"),
        ("send me the nothing dashboard every day", "unknown_dashboard"),
    ],
)
def test_what_cannot_be_kept_says_why(keyed: Served, sentence: str, code: str) -> None:
    with keyed.client("admin") as client:
        problem(client.post("/alerts/understand", json={"sentence": sentence, "now": NOW}), 422, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"plan": {"metrics": ["no_such"]}}, "unknown_metric"),
        ({"plan": None}, "invalid_request"),
        ({"cron": "0 8 * * *"}, "invalid_request"),
        ({"condition": None, "cron": "* * * * *"}, "invalid_request"),
        ({"condition": {"kind": "threshold", "value": 3, "clear": 5}}, "invalid_request"),
        ({"name": "two\nlines"}, "invalid_request"),
        ({"targets": ["nowhere"]}, "unknown_target"),
        ({"targets": ["me@example.org"]}, "unknown_target"),
        ({"plan": {"metrics": ["pgr_complaints"], "records": True}}, "misfit"),
        ({"quiet": {"begin": "25:00", "end": "7:00"}}, "invalid_request"),
    ],
)
def test_a_form_that_does_not_fit_says_what(keyed: Served, changes: dict[str, Any], code: str) -> None:
    with keyed.client("admin") as client:
        for path in ("/alerts", "/alerts/check"):
            body = {"name": "x", "plan": PLAN, "condition": ABOVE, **changes}
            problem(client.post(path, json=body), 422, code)


def test_the_platform_is_for_keys_of_all_tenants(keyed: Served) -> None:
    failing = {"plan": None, "condition": {"kind": "failed_run"}}
    with keyed.client("admin") as admin, keyed.client("amritsar") as amritsar:
        assert made(admin, **failing)["meaning"] == "You are told when any run fails."
        problem(amritsar.post("/alerts", json={"name": "x", **failing}), 403, "forbidden")
        problem(amritsar.post("/alerts/test", json={"target": "ops"}), 422, "unknown_target")


def test_a_key_for_sending_records_is_told_nothing(keyed: Served) -> None:
    _, text = KeyStore(keyed.database).create("sender", role="writer")
    client = httpx.Client(base_url=keyed.url, headers={"authorization": f"Bearer {text}"})
    bodies = {
        "/alerts": {"name": "x", "plan": PLAN, "condition": ABOVE}, "/alerts/understand": {"sentence": SENTENCE},
        "/alerts/test": {"target": "ops"},
    }  # fmt: skip
    for path, body in bodies.items():
        problem(client.post(path, json=body), 403, "forbidden")
    client.close()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    owner=st.sampled_from(HOLDERS), other=st.sampled_from(HOLDERS),
    tenant=st.sampled_from(["pb.amritsar", "pb.jalandhar", None]),
    step=st.sampled_from(["list", "show", "mute", "remove", "other tenant in the plan"]),
)  # fmt: skip
def test_no_tenant_sees_or_changes_the_alerts_of_another(
    keyed: Served, owner: str, other: str, tenant: str | None, step: str
) -> None:
    with keyed.client(owner) as own, keyed.client(other) as client:
        if step == "other tenant in the plan":
            _names_a_tenant(own, owner, tenant)
            return
        alert = made(own)
        kept = AlertStore(keyed.database).get(alert["id"]).caller
        assert kept == _caller(owner), "the tenant is the key's"
        seen = may_see(_caller(other), kept)
        ids = [one["id"] for one in client.get("/alerts").json()["alerts"]]
        assert (alert["id"] in ids) is seen
        path = f"/alerts/{alert['id']}"
        response = {
            "list": lambda: client.get("/alerts"), "show": lambda: client.get(path),
            "mute": lambda: client.post(f"{path}/mute", json={}), "remove": lambda: client.delete(path),
        }[step]()  # fmt: skip
        allowed = step == "list" or seen
        assert (response.status_code < 300) is allowed
        if not allowed:
            problem(response, 404, "unknown_alert")
            assert "many complaints" not in response.text
        own.delete(path)


def _names_a_tenant(client: httpx.Client, owner: str, tenant: str | None) -> None:
    """A plan that names a tenant is refused unless it is the key's own."""
    values = [tenant] if tenant else ["pb.amritsar", "pb.jalandhar"]
    plan = {**PLAN, "filters": [{"dimension": "complaint__tenant_id", "values": values}]}
    response = client.post("/alerts/check", json={"name": "x", "plan": plan, "condition": ABOVE})
    own = _caller(owner).tenant
    assert (response.status_code == 200) is (own is None or values == [own]), response.text


def _caller(holder: str) -> Caller:
    return {
        "amritsar": Caller("pb.amritsar", "viewer"), "jalandhar": Caller("pb.jalandhar", "viewer"),
        "admin": Caller(None, "admin"),
    }[holder]  # fmt: skip
