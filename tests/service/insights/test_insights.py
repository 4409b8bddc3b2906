"""Insights over real HTTP: of the caller's tenant alone, found once per state, refused by name."""

from __future__ import annotations

from typing import Any

from tests.service.conftest import Served

LATER = "2030-01-01T00:00:00"


def insights(served: Served, holder: str | None = None, **body: Any) -> dict[str, Any]:
    with served.client(holder) as client:
        response = client.post("/insights", json={"now": LATER, **body})
    assert response.status_code == 200, response.text
    return response.json()


def test_a_domain_is_judged_once_for_all_who_may_see_the_same(service: Served) -> None:
    first, again = insights(service, domain="pgr"), insights(service, domain="pgr")
    (found,) = first["domains"]
    assert (found["domain"], found["title"], first["problems"]) == ("pgr", "Complaints", [])
    assert found["tested"] > 0 and again["domains"] == first["domains"]


def test_a_tenant_is_told_of_its_own(keyed: Served) -> None:
    found = insights(keyed, "amritsar", domain="sales")
    everyone = insights(keyed, "admin", domain="sales")
    assert "pb.jalandhar" not in str(found)
    assert 0 < found["domains"][0]["tested"] < everyone["domains"][0]["tested"]
    assert insights(keyed, "jalandhar", domain="sales")["domains"][0]["tested"] == 0, "it has sold nothing"


def test_a_domain_that_there_is_not_is_told_of_with_those_that_there_are(service: Served) -> None:
    with service.client() as client:
        response = client.post("/insights", json={"domain": "weather"})
        wrong = client.post("/insights", json={"domains": "pgr"})
    assert response.status_code == 404 and "pgr" in response.json()["error"]["details"]["nearest"]
    assert wrong.status_code == 422
