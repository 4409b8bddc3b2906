"""Requests made from the OpenAPI document itself, good and bad: every response is one that the document promises."""

from __future__ import annotations

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.service.app import create_app
from tests.nlq.service.conftest import Served

PROMISES = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


# Making the app opens nothing; the requests go to the one that runs.
schema = schemathesis.openapi.from_dict(create_app(Lake(Settings()), loopback=True).openapi())


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)
def test_every_response_is_a_promised_one(service: Served, case: schemathesis.Case) -> None:
    case.call_and_validate(base_url=service.url, checks=PROMISES)
