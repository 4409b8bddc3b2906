"""Requests made from the OpenAPI document itself, good and bad: every response is one that the document promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore
from tests.service.conftest import Served

PROMISES = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance, negative_data_rejection,
]  # fmt: skip

SLOWEST_S = 90
"""What the insights of all domains may take on a machine that has much else to do."""

# Making the app opens nothing; the requests go to the one that runs.
schema = schemathesis.openapi.from_dict(create_app(Lake(Settings()), loopback=True).openapi())
bounded = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)


@schema.parametrize()
@seed(20261129)
@bounded
def test_every_response_is_a_promised_one(service: Served, case: schemathesis.Case) -> None:
    case.call_and_validate(base_url=service.url, checks=PROMISES, timeout=SLOWEST_S)


HOLDERS = ["amritsar", "admin", "analyst", "analyst of a tenant", "who has left", "nobody"]


@pytest.fixture(scope="module")
def keys(keyed: Served) -> Iterator[dict[str, str]]:
    """A key of every role; one was revoked, and one never was."""
    store = KeyStore(keyed.database)
    _, analyst = store.create("analyst", role="analyst")
    _, of_a_tenant = store.create("analyst of a tenant", role="analyst", tenant="pb.amritsar")
    gone, left = store.create("who has left", role="analyst")
    store.revoke(gone.id)
    made = {"analyst": analyst, "analyst of a tenant": of_a_tenant, "who has left": left}
    yield {**keyed.keys, **made, "nobody": "alk_0123456789abcdef_nothing"}
    store.close()


@schema.parametrize()
@schema.given(holder=st.sampled_from(HOLDERS))
@seed(20261130)
@settings(bounded, max_examples=20, phases=[Phase.generate])
def test_so_it_is_with_each_kind_of_key(
    keyed: Served, keys: dict[str, str], case: schemathesis.Case, holder: str
) -> None:
    response = case.call_and_validate(
        base_url=keyed.url, headers={"authorization": f"Bearer {keys[holder]}"}, checks=PROMISES, timeout=SLOWEST_S
    )
    if holder in ("who has left", "nobody") and "security" in case.operation.definition.raw:
        assert response.status_code >= 400
