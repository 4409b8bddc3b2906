"""Requests made from the OpenAPI document itself, good and bad: every response is one that the document promises."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from tests.service.conftest import Served

PROMISES = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip


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
    case.call_and_validate(base_url=service.url, checks=PROMISES)


@schema.parametrize()
@schema.given(holder=st.sampled_from(["amritsar", "jalandhar", "admin", "nobody"]))
@seed(20261130)
@settings(bounded, phases=[Phase.generate])
def test_so_it_is_with_each_kind_of_key(keyed: Served, case: schemathesis.Case, holder: str) -> None:
    key = keyed.keys.get(holder, "alk_0123456789abcdef_nothing")
    case.call_and_validate(base_url=keyed.url, headers={"authorization": f"Bearer {key}"}, checks=PROMISES)
