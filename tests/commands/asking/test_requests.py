"""What is typed after `asklake query` becomes the plan it says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.commands.asking.requests import Request
from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.output import ago, cell, plain
from nlq.core.plan import Grain, Operator

KNOWN = ("complaint__ward_id", "complaint__channel", "event__channel", "complaint__is_open")


def test_short_names_lists_and_signs() -> None:
    plan = Request(
        "pgr_complaints, pgr_backlog", "ward_id", ("ward_id=WARD_01|WARD_02", "is_open = true"), "month",
        date(2026, 1, 1), None, "-pgr_complaints,ward_id", 7,
    ).plan(KNOWN)  # fmt: skip
    assert plan.metrics == ("pgr_complaints", "pgr_backlog")
    assert plan.group_by == ("complaint__ward_id",)
    assert [(f.dimension, f.operator, f.values) for f in plan.filters] == [
        ("complaint__ward_id", Operator.IN, ("WARD_01", "WARD_02")),
        ("complaint__is_open", Operator.IN, (True,)),
    ]
    assert plan.grain is Grain.MONTH and plan.time_range and plan.time_range.start == date(2026, 1, 1)
    assert [(o.field, o.descending) for o in plan.order_by] == [("pgr_complaints", True), ("complaint__ward_id", False)]
    assert plan.limit == 7


@pytest.mark.parametrize(
    ("text", "operator"),
    [("ward_id!=X", "not_in"), ("ward_id>=X", "ge"), ("ward_id<X", "lt"), ("ward_id=null", "is_null"),
     ("ward_id!=null", "is_not_null"), ("ward_id~X", "contains")],
)  # fmt: skip
def test_signs(text: str, operator: str) -> None:
    assert Request("m", where=(text,)).plan(KNOWN).filters[0].operator == operator


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Request("m", group_by="channel"), "complaint__channel or event__channel"),
        (Request("m", where=("ward_id",)), "dimension=value"),
        (Request("m", grain="fortnight"), "day, week, month"),
        (Request("m", first=date(2026, 2, 1), last=date(2026, 1, 1)), "ends"),
        (Request(""), "at least 1"),
        (Request("m", order_by="-other"), "does not select"),
    ],
)
def test_what_cannot_be_read_says_what_can(request_: Request, words: str) -> None:
    with pytest.raises(CommandError) as caught:
        request_.plan(KNOWN)
    assert caught.value.code is Exit.USAGE
    assert words in str(caught.value)


@given(st.text(max_size=40))
def test_no_filter_text_breaks_the_reader(text: str) -> None:
    try:
        plan = Request("m", where=(text,)).plan(KNOWN)
    except CommandError as error:
        assert error.code is Exit.USAGE
    else:
        assert len(plan.filters) == 1


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**14), max_value=10**14))
def test_money_survives_json(value: Decimal) -> None:
    assert Decimal(str(plain(value))) == value


def test_cells_and_ages() -> None:
    assert [cell(v) for v in (None, True, 1234, 1234.5, Decimal("10.5000"), "x")] == [
        "–", "yes", "1,234", "1,234.50", "10.5", "x",
    ]  # fmt: skip
    assert [ago(s) for s in (5, 600, 7300, 200_000)] == ["5 s", "10 min", "2 h", "2 d"]


def test_a_quoted_value_keeps_its_blanks() -> None:
    plan = Request("m", where=('ward_id="Store "|Web',)).plan(KNOWN)
    assert plan.filters[0].values == ("Store ", "Web")
