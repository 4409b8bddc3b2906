"""Which metrics are one by another, whose change has rates and mix."""

from __future__ import annotations

from typing import Any

import pytest

from semantic.manifest.sums import parts_of


def _derived(expr: str, *metrics: dict[str, Any]) -> dict[str, Any]:
    return {"type": "derived", "type_params": {"expr": expr, "metrics": list(metrics)}}


_A, _B = {"name": "returned_amount", "alias": "a"}, {"name": "gross", "alias": "b"}


@pytest.mark.parametrize("expr", ["a / b", "a * 1.0 / nullif(b, 0)", "(a) / NULLIF(b, 0)", "a*1.0/b"])
def test_a_metric_by_another_has_parts_however_it_is_written(expr: str) -> None:
    assert parts_of(_derived(expr, _B, _A)) == ("returned_amount", "gross")


def test_a_ratio_has_parts() -> None:
    params = {"numerator": {"name": "returned_amount"}, "denominator": {"name": "gross"}}
    assert parts_of({"type": "ratio", "type_params": params}) == ("returned_amount", "gross")


@pytest.mark.parametrize(
    "metric",
    [
        _derived("a * 2.0 / nullif(b, 0)", _A, _B),
        _derived("(a - b) / b", _A, _B),
        _derived("a / a", _A, _B),
        _derived("a / nullif(b, 1)", _A, _B),
        _derived("a / b", _A, {**_B, "offset_window": {"count": 1, "granularity": "month"}}),
        _derived("a / b", _A, _B, {"name": "c"}),
        {"type": "simple", "type_params": {}},
        {"type": "ratio", "type_params": {"numerator": {"name": "x", "filter": "f"}, "denominator": {"name": "y"}}},
    ],
)
def test_what_is_more_than_one_by_another_has_none(metric: dict[str, Any]) -> None:
    assert parts_of(metric) == ()
