"""Numbers: stored exactly as written, or not at all; Python's decimal is the judge."""

from __future__ import annotations

import re
from decimal import Context, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest.values.conversion import Style, exact_cast, value, why_not
from lakehouse_assets.lakehouse.engines.instances import open_instance

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?\s*", re.ASCII)
EXACT = {
    "INTEGER": (10, 0, 2**31),
    "BIGINT": (19, 0, 2**63),
    "DECIMAL(18,4)": (14, 4, 10**18),
    "DECIMAL(38,10)": (28, 10, 10**38),
    "DECIMAL(5,0)": (5, 0, 10**9),
    "DECIMAL(4,4)": (0, 4, 10**9),
}
ENGINE = open_instance()
TEXTS = st.one_of(
    st.from_regex(r"\A[ \t]?[+-]?[0-9]{0,22}(\.[0-9]{0,14})?([eE][+-]?[0-9]{1,3})?[ ]?\Z"),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.integers(-(2**66), 2**66).map(str),
    st.floats().map(repr),
    st.text(st.sampled_from("0123456789.,-+eE_ x١"), max_size=8),
)


def read(sql: str, texts: list[str]) -> list:
    ENGINE.execute("create or replace temp table given as select unnest(?) as t, unnest(range(?)) as i",
                   [texts, len(texts)])  # fmt: skip
    return [found for (found,) in ENGINE.execute(f"select {sql} from given order by i").fetchall()]


def exactly(text: str, kind: str) -> Decimal | None:
    before, after, limit = EXACT[kind]
    if not NUMBER.fullmatch(text):
        return None
    wide = Context(prec=3000, Emax=9999, Emin=-9999)
    number = wide.create_decimal(text.strip())
    scaled = wide.multiply(number, Decimal(10) ** after)
    fits = scaled == scaled.to_integral_value() and abs(number) < Decimal(10) ** before and -limit <= scaled < limit
    return number if fits else None


@pytest.mark.parametrize("kind", EXACT)
@given(texts=st.lists(TEXTS, min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_a_number_is_stored_as_written_or_not_at_all(kind, texts):
    assert read(value("t", kind, Style()), texts) == [exactly(text, kind) for text in texts]


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("INTEGER", "1.5", "rounded"),
        ("INTEGER", "0.49", "rounded"),
        ("INTEGER", "1_000", "is not a INTEGER"),
        ("DECIMAL(18,4)", "0.00004", "rounded"),
        ("INTEGER", "2147483648", "too large"),
        ("BIGINT", "0x1F", "not a BIGINT"),
        ("BIGINT", "true", "not a BIGINT"),
        ("BIGINT", "١٢", "not a BIGINT"),
        ("DOUBLE", "1e400", "too large"),
        ("DOUBLE", "nan", "not a DOUBLE"),
        ("DOUBLE", "1_0", "not a DOUBLE"),
        ("DECIMAL(18,4)", "1e-400", "rounded"),
        ("BOOLEAN", "2", "not a BOOLEAN"),
    ],
)
def test_it_is_said_why_a_text_is_no_number(kind, text, why):
    assert read(value("t", kind, Style()), [text]) == [None]
    assert why in read(why_not("t", kind, Style()), [text])[0]


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        (Style(",", "."), "1.234,56", "1234.56"),
        (Style(",", "."), "-1.000.000", "-1000000"),
        (Style(",", "."), "0,5", "0.5"),
        (Style(",", "."), "1.234.5", None),
        (Style(",", "."), "1,234.56", None),
        (Style(",", "."), "12.34", None),
        (Style(","), "1234,5", "1234.5"),
        (Style(","), "1.5", None),
        (Style(".", ","), "12,34,567.8", "1234567.8"),
        (Style(".", ","), "1,23", None),
        (Style(",", " "), "1\u202f234,5", "1234.5"),
        (Style(",", " "), "1 234\xa0567", "1234567"),
        (Style(".", "'"), "1'234.50", "1234.5"),
        (Style(",", "."), "€ 5,00", None),
        (Style(",", "."), "1,23456", None),
    ],
)
def test_decimal_and_thousands_signs(style, text, expected):
    assert read(value("t", "DECIMAL(18,4)", style), [text]) == [expected and Decimal(expected)]


def test_casts_of_any_type_are_exact_or_fail():
    def cast(operand: str, kind: str):
        return ENGINE.execute(f"select try([{exact_cast(operand, kind, Style())}])[1]").fetchall()[0][0]

    assert cast("2.0::double", "INTEGER") == 2 and cast("1.5::double", "INTEGER") is None
    assert cast("2.50::decimal(9,2)", "DECIMAL(9, 1)") == Decimal("2.5") and cast("2.5::decimal(9,1)", "BIGINT") is None
    assert cast("0.1::double + 0.2::double", "DECIMAL(18, 4)") is None and cast("true", "INTEGER") == 1
    assert (
        str(cast("timestamp '2026-06-01 10:00:00'", "DATE")) == "2026-06-01"
        and cast("'2026-06-01 10:00'", "DATE") is None
    )
    assert str(cast("'2026-06-01 10:00+02'", "TIMESTAMPTZ").astimezone(None)) and cast("'x'", "TIMESTAMPTZ") is None
    assert str(cast("'2026-06-01 10:00'", "TIMESTAMP")) == "2026-06-01 10:00:00"
    assert cast("'2026-06-01 10:00+02'", "TIMESTAMP") is None  # a time of which zone?
