"""Mappings: what an expression computes is stored, or the record is refused; and what makes records the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest.loads.staging import target_contract
from lakehouse_assets.ingest.mapping.record_keys import record_key
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.ingest.values.expressions import Expression
from lakehouse_assets.lakehouse.contract import rule
from tests.ingest.conftest import judged, record, sales_source


def events(expression: str, **changes: object) -> Source:
    """A source of one event per record, whose ward_id is the expression."""
    return Source.model_validate(
        {
            "name": "case_src",
            "format": "csv",
            "target": "bronze.service_events_raw",
            "tenant": "t",
            "dedup_key": ["id"],
            "columns": {"entity_id": "id", "event_time": "at", "ward_id": expression},
            "constants": {
                "service": "PGR", "entity_type": "complaint", "event_type": "CREATED", "status": "OPEN",
                "channel": "WEB",
            },
            **changes,
        }
    )  # fmt: skip


def wards(expression: str, *values: str | None, **changes: object) -> list[str | None]:
    """What becomes of values: the ward, or 'refused: ' with the reason."""
    given = [{"id": str(i), "at": "2026-06-01", "v": v} for i, v in enumerate(values)]
    rows = judged(events(expression, **changes), given)
    return [f"refused: {row['reason']}" if "reason" in row else row["ward_id"] for row in rows]


@pytest.mark.parametrize(
    ("expression", "refused"),
    [
        ("strptime(v, '%Y-%m-%d')", "ward_id cannot be computed by strptime(v, '%Y-%m-%d') from v 'oops'"),
        ("coalesce(cast(nullif(v, '') as integer), 0)", "ward_id 'oops' is not a INT"),
        (
            "case when v is null then null else cast(v || '-01-01' as date) + 1 end",
            "ward_id 'oops-01-01' matches none",
        ),
        ("array_extract([1, 2], cast(v as integer))", "ward_id 'oops' is not a INT"),
        ("json_extract_string(v, '$.a')", "ward_id cannot be computed"),
        ("date_diff('day', strptime(v, '%Y'), strptime(v, '%Y'))", "ward_id cannot be computed"),
    ],
)
def test_an_expression_that_fails_refuses_its_record_alone(expression, refused):
    before, failing, empty, after = wards(expression, "2026", "oops", None, "2026")
    assert failing is not None and failing.startswith(f"refused: {refused}")
    assert empty is None or not empty.startswith("refused")
    assert before == after


def test_a_branch_that_is_not_taken_does_not_fail():
    assert wards("case when v = 'none' then 'no' else cast(cast(v as integer) as varchar) end", "none", "7") == [
        "no",
        "7",
    ]
    assert wards("coalesce(try_cast(v as integer), 0)", "none", "7") == ["0", "7"]


def test_a_cast_that_may_fail_gives_null_rather_than_nearly_the_value():
    assert wards("try_cast(v as integer)", "1.5", "2.0", "x") == [None, "2", None]
    assert wards("try_cast(v || '' as decimal(4, 2))", "1,234.5", "1,5") == [None, None]
    assert wards("try_cast(v as decimal(4, 2))", "1,5", "1.5", decimal_sign=",") == ["1.50", None]
    assert wards("try_cast(try_cast(v as double) as bigint)", "1.5", "2") == [None, "2"]
    assert wards("try_cast(v as date)", "2025-04-05 junk", "epoch", "2025-04-05") == [None, None, "2025-04-05"]


def test_casts_do_not_round_and_functions_do():
    assert wards("cast(v as integer)", "1.5", "2.0")[1] == "2"
    assert "1.5" in str(wards("cast(v as integer)", "1.5")[0])
    assert wards("cast(round(cast(v as decimal(9, 2))) as integer)", "1.5") == ["2"]
    assert wards("cast(cast(cast(v as double) as bigint) as varchar)", "17850.0", "1.5")[0] == "17850"
    assert "refused" in str(wards("cast(cast(v as double) as bigint)", "1.5")[0])


@pytest.mark.parametrize(
    ("count", "unit", "exact"),
    [
        ("v", "day", [True, True, False, False]), ("cast(v as double)", "day", [True, True, False, False]),
        ("v", "months", [True, True, False, False]), ("v || ''", "hour", [True, True, False, False]),
        ("v", "seconds", [True, True, True, False]), ("cast(v as decimal(9, 2))", "minute", [True, True, False, False]),
    ],
)  # fmt: skip
def test_a_span_of_time_is_counted_exactly_or_refused(count, unit, exact):
    expression = f"cast(date '2026-01-01' + interval ({count}) {unit} as varchar)"
    found = wards(expression, "2", "2.0", "1.5", "x")
    assert [f is not None and not f.startswith("refused") for f in found] == exact
    assert found[0] == found[1]
    assert "refused" in str(wards("cast(date '2026-01-01' + interval '1.4' day as varchar)", "")[0])
    assert wards("cast(date '2026-01-01' + interval 1 day as varchar)", "") == ["2026-01-02 00:00:00"]


def test_a_time_in_an_expression_is_that_of_its_own_text():
    times = ["2026-06-01 10:00:00", "2026-06-01 10:00:00 America/New_York", "2026-06-01 10:00:00"]
    for cast in ("cast", "try_cast"):
        found = wards(
            f"strftime(timezone('UTC', {cast}(v as timestamptz)), '%H:%M')", *times, time_zone="Europe/Berlin"
        )
        assert found == ["08:00", "14:00", "08:00"]


def test_conditions_keys_and_tenants_that_fail_refuse_the_record_too():
    condition = events("v", events=[{"name": "a", "when": "cast(v as integer) > 1"}, {"name": "b", "when": "v = 'x'"}])
    key = events("v", dedup_key=["id", "cast(v as integer)"])
    tenant = events("v", tenant={"expression": "cast(cast(v as integer) as varchar)"})
    for source in (condition, key, tenant):
        good, bad = judged(source, [{"id": "1", "at": "2026-06-01", "v": v} for v in ("2", "1.5")])
        assert "reason" not in good and "'1.5' is not a INT" in bad["reason"]


@pytest.mark.parametrize(
    "condition",
    [
        "v = 1",
        "v in (1, 2)",
        "1 = (v)",
        "cast('1' as integer) = v",
        "v between -1 and 1",
        "v <= 1.0",
        "j.a = 1",
        "v = 2 - 1",
        "trim(v) in (1, 2)",
        "nullif(v, 1) is null",
        "nullif(trim(v), 1) is null",
        "coalesce(v, '2') < 1.01",
    ],
)
def test_a_text_is_not_rounded_to_be_compared_with_a_number(condition):
    given = [{"id": "1", "at": "2026-06-01", "v": v, "j": f'{{"a": "{v}"}}'} for v in ("1", "1.0", "1.04", "1.4", "x")]
    rows = judged(events(f"case when {condition} then 'yes' else 'no' end"), given)
    assert [row.get("ward_id") for row in rows] == ["yes", "yes", "no", "no", None]
    if condition == "v = 1":
        assert [row["ward_id"] for row in judged(events("case v when 1 then 'yes' else 'no' end"), given[:4])] == [
            "yes", "yes", "no", "no",
        ]  # fmt: skip


def test_one_expression_is_computed_once_and_its_failure_stays_with_it():
    source = events("strptime(v, '%Y')")
    twice = {**source.columns, "locality_id": "strptime(v, '%Y')", "actor_id": "strptime(v, '%Y') + interval 1 day"}
    rows = judged(
        source.model_copy(update={"columns": twice}), [{"id": "1", "at": "2026-06-01", "v": v} for v in ("2026", "x")]
    )
    assert rows[0]["actor_id"] == "2026-01-02 00:00:00" and "reason" in rows[1]


def test_numbers_are_refused_rather_than_rounded():
    rows = judged(sales_source(), [record(1, qty=qty) for qty in ("2", "1.0005", "1_000", "1e400", "0x10")])
    assert "reason" not in rows[0]
    assert ["rounded" in r["reason"] for r in rows[1:]] == [True, False, False, False]
    assert {r["column_name"] for r in rows[1:]} == {"quantity"}


def test_signs_and_formats_may_differ_by_column():
    columns = {
        **sales_source().columns,
        "amount": "cast(qty as decimal(18, 3)) * 2",
        "city": "cast(cast(qty as double) as varchar)",
    }
    source = sales_source(
        columns=columns, decimal_sign=",", thousands_sign=".", date_formats=["%d.%m.%Y"], time_zone="Europe/Berlin",
        read_as={"unit_price": {"decimal_sign": ".", "thousands_sign": ","},
                 "sale_time": {"date_formats": ["%m/%d/%Y", "%d.%m.%Y"], "time_zone": "UTC"}},
    )  # fmt: skip
    good, bad = judged(
        source,
        [
            record(1, qty="1.234,5", price="1,234.5", sold="06/13/2026"),
            record(2, qty="1.5", price="1", sold="13.06.2026"),
        ],
    )
    assert (good["quantity"], good["unit_price"], good["amount"]) == (
        Decimal("1234.5"),
        Decimal("1234.5"),
        Decimal(2469),
    )
    assert good["sale_time"] == datetime(2026, 6, 13) and good["city"] == "1234,5"
    assert "quantity '1.5' is not a DECIMAL" in bad["reason"] and "amount '1.5' is not a" in bad["reason"]


def test_signs_that_are_the_same_are_refused():
    with pytest.raises(ValueError, match="the same"):
        sales_source(thousands_sign=".")
    with pytest.raises(ValueError, match=r"read_as\.amount"):
        sales_source(decimal_sign=",", read_as={"amount": {"thousands_sign": ","}})
    with pytest.raises(ValueError, match="no year"):
        sales_source(date_formats=["%H:%M"])


def test_a_rule_that_overflows_refuses_no_sound_record_and_no_load():
    source = sales_source(columns={**sales_source().columns, "amount": "coalesce(name, '0')"})
    product = rule("product", "amount = quantity * unit_price", description="It adds up.")
    cube = rule("cube", "quantity * quantity * quantity * quantity < 10", description="It is little.")
    given = [
        record(1, qty="1000000", price="1000000", name="1000000000000"),
        record(2, qty="1e14", price="1e13", name="5"),
    ]
    sound, wrong = judged(source, given, replace(target_contract(source), rules=(product,)))
    assert sound["amount"] == 10**12 and wrong["reason"] == "It adds up"
    little, huge = judged(
        source, [record(i, qty=qty, name="1") for i, qty in enumerate(("1", "1e14"))],
        replace(target_contract(source), rules=(product, cube, cube)),
    )  # fmt: skip
    assert little["reason"] == "It adds up" and huge["reason"] == "It adds up; It is little"


def test_equal_records_are_counted_as_their_keys_tell_them_apart():
    source = sales_source(dedup_key={"fields": ["name", "upper(name)"], "occurrence": True})
    rows = judged(source, [record(1, name=name) for name in ("Caf\u00e9", "Cafe\u0301", "Cafe")])
    assert len({row["record_key"] for row in rows}) == 3


PARTS = st.lists(st.none() | st.text(st.sampled_from("ab\x1f\x1e012"), max_size=3), min_size=2, max_size=2)


@given(PARTS, PARTS, st.booleans())
@settings(max_examples=200, deadline=None)
def test_different_parts_have_different_keys(one, other, empty_is_null):
    import duckdb

    if one.count(None) == 2 or other.count(None) == 2:
        return
    sql = record_key("'t'", ["a", "b"], [], empty_is_null=empty_is_null)
    keys = duckdb.execute(f"select {sql} from (values (?, ?), (?, ?)) v(a, b)", [*one, *other]).fetchall()
    assert (keys[0] == keys[1]) == (one == other)


def test_keys_of_plain_parts_are_what_they_were_and_composed_characters_are_the_same():
    import hashlib

    source = sales_source(null_values=["", "NA"], dedup_key=["order_id", "name"])
    names = ["Tea", None, "Caf\u00e9", "Cafe\u0301", "a\x1fb"]
    keys = [row["record_key"] for row in judged(source, [record(1, name=name) for name in names])]
    plain = [hashlib.md5(f"t1\x1fO1\x1f{name}".encode()).hexdigest() for name in ("Tea", "", "Caf\u00e9")]
    assert keys[:3] == plain and keys[3] == keys[2] and len(set(keys)) == 4


def test_a_field_called_as_the_number_of_the_record_is_read_in_quotes():
    source = events("concat(\"record_number\", '/', record_number, '/', \"record_occurrence\")")
    assert source.fields == ["at", "id", "record_number", "record_occurrence"]
    rows = [{"id": "a", "at": "2026-06-01", "record_number": "v7", "record_occurrence": "o"}] * 2
    assert [row["ward_id"] for row in judged(source, rows)] == ["v7/1/o", "v7/2/o"]


def test_expressions_of_texts_alone():
    assert Expression("'a'").is_literal and not Expression("a").is_literal
