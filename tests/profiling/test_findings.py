"""What is told of a profile, and its score. Does not belong here: figures (test_compute)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.profiling.compute import profile_of
from lakehouse_assets.profiling.findings import judged
from lakehouse_assets.profiling.model import Profile


def of(**columns) -> Profile:
    with open_closed() as con:
        con.register("given", pa.table(columns))
        return profile_of("given", lambda sql: con.execute(sql).to_arrow_table(), DIALECT)


def told(profile: Profile) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.column) for issue in profile.issues]


NUMBERS = [float(i % 50) for i in range(200)]


def test_a_table_without_issues_has_the_full_score():
    assert (told(of(a=list(range(200)), b=NUMBERS)), of(a=list(range(200)), b=NUMBERS).score) == ([], 1.0)


@pytest.mark.parametrize(
    ("columns", "issue"),
    [
        ({"a": [1, None, None]}, ("mostly_null", "a")),
        ({"a": ["x"] * 3}, ("constant", "a")),
        ({"a": [1, 1, 2]}, ("duplicate_rows", None)),
        ({"a": [float("nan"), 1.0]}, ("not_a_number", "a")),
        ({"a": [*NUMBERS, 1e9]}, ("outliers", "a")),
        ({"a": pa.array([], pa.int64())}, ("no_rows", None)),
    ],
)
def test_issues_of_one_profile(columns, issue):
    assert issue in told(of(**columns))


def test_half_of_the_values_missing_is_not_mostly():
    assert told(of(a=[1, 2, None, None], b=[1, 2, 3, 4])) == []


def test_the_score_is_what_its_formula_says():
    found = of(a=[1, 1, None, None, 2], b=[1, 1, 2, 3, 4])
    assert found.duplicates == 1 and found.score == round(0.5 * 0.8 + 0.3 * 0.8 + 0.2 * 1, 3)


def test_what_changed_since_the_profiles_before():
    before = of(kept=NUMBERS, typed=NUMBERS, gone=NUMBERS)
    now = of(kept=[v + 1000 for v in NUMBERS], typed=[str(v) for v in NUMBERS], new=NUMBERS)
    found = told(judged(now, [before]))
    assert {("drift", "kept"), ("type_changed", "typed"), ("column_gone", "gone"), ("column_new", "new")} <= set(found)
    assert told(judged(before, [before])) == told(before)


def test_more_rows_are_told_only_where_it_is_known_what_is_usual():
    usual, now = of(a=list(range(10))), of(a=list(range(50)))
    assert ("drift", None) not in told(judged(now, [usual, usual]))
    assert ("drift", None) in told(judged(now, [usual, usual, usual]))
