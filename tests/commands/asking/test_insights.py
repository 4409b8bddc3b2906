"""`asklake insights` of several domains, one of which cannot be read."""

from __future__ import annotations

import pytest

from lakehouse_assets.commands.asking.insights import each_of
from lakehouse_assets.insight.model import Insights
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError


def _find(domain: str) -> Insights:
    if domain in ("pgr", "telemetry"):
        raise QueryRefusedError(f"no file of {domain}")
    return Insights(domain=domain, title=domain, until=None, tested=0, metrics=(), insights=())


def test_a_domain_that_cannot_be_read_hides_neither_the_others_nor_their_problems() -> None:
    found, problems = each_of(["pgr", "ecommerce", "telemetry", "retail"], _find)
    assert [one.domain for one in found] == ["ecommerce", "retail"]
    assert problems == {"pgr": "no file of pgr", "telemetry": "no file of telemetry"}


def test_what_is_no_fault_of_figures_is_no_problem_of_a_domain() -> None:
    with pytest.raises(KeyError):
        each_of(["pgr"], {}.__getitem__)
