"""What macros render, seen through dbt: predicates on the days of a run, the tenant filter safely quoted, copies."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.settings import get_settings

HOURS = ["2024-02-28T23:00", "2024-02-29T00:00", "2024-03-02T05:00"]
DAYS = ["2024-02-28", "2024-02-29", "2024-03-02"]
TENANT = "o'brien' or 1=1 --"
PREDICATES = f"""
    select
        (select list(day order by day) from days where {{{{ in_days("day") }}}}) as days,
        (select list(day order by day) from days where {{{{ in_months("day", months_of_run()) }}}}) as months,
        (select list(tenant_id) from tenants where {{{{ tenant_filter() }}}}) as tenants,
        (select list(hour order by hour) from hours where {{{{ in_hours("hour", {HOURS}) }}}}) as hours,
        (select count(*) from hours where {{{{ in_hours("hour") }}}}) as hours_of_days
"""
THINGS = "'(select * from things where no <> 3) as rows_', ['a', 'b'], 'moment desc, no'"
COPIES = [f"select no from {{{{ {macro}({THINGS}) }}}}" for macro in ("_ranked_copies", "_single_and_ranked_copies")]
HELD = """
    select things.no, versions.version_no
    from things
    left join versions on things.a = versions.a and {{ scd2_held_at("versions", "things.at_time") }}
"""
NEXT = "--next"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What dbt compiles these expressions to, in a run for some days of one tenant."""
    target, project = tmp_path_factory.mktemp("target"), get_settings().dbt_project_dir
    macros = manifest.part(manifest.load(get_settings()), ())
    variables = json.dumps({"days": DAYS, "tenant_id": TENANT})
    command = ["compile", "--inline", NEXT.join([PREDICATES, HELD, *COPIES]), "--vars", variables]
    result = manifest.invoke(command, project, project, target, macros)
    assert result.success, result.exception
    return result.result.results[0].node.compiled_code.split(NEXT)  # pyright: ignore


def test_predicates_keep_the_days_the_months_and_the_tenant_of_the_run(rendered: list[str]) -> None:
    with open_instance() as con:
        con.execute("create table days as select date '2024-01-01' + cast(i as integer) as day from range(150) t (i)")
        con.execute("create table hours as select day + to_hours(n) as hour from days, range(24) t (n)")
        con.execute("create table tenants (tenant_id varchar)")
        con.executemany("insert into tenants values (?)", [[TENANT], ["acme"]])
        found = con.execute(rendered[0]).fetchone()
    assert found is not None
    days, months, tenants, hours, hours_of_days = found
    assert [h.isoformat(timespec="minutes") for h in hours] == HOURS
    assert hours_of_days == 24 * len(DAYS), "a run for days is one for all of their hours"
    assert [str(d) for d in days] == DAYS
    assert (str(months[0]), str(months[-1]), len(months)) == ("2024-02-01", "2024-03-31", 60)
    assert tenants == [TENANT]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 2)), min_size=1))
def test_of_copies_the_first_in_the_order_is_left(rendered: list[str], things: list[tuple[int, int, int]]) -> None:
    numbered = [(*thing, no) for no, thing in enumerate(things)]
    first = {(a, b): no for a, b, _, no in sorted(numbered, key=lambda thing: (thing[2], -thing[3])) if no != 3}
    values = ", ".join(map(str, numbered))
    with open_instance() as con:
        con.execute(f"create table things as select * from (values {values}) as things (a, b, moment, no)")
        for query in rendered[2:]:
            assert sorted(no for (no,) in con.execute(query).fetchall()) == sorted(first.values())


def test_the_version_that_held_is_found_without_trying_every_pair(rendered: list[str]) -> None:
    with open_instance() as con:
        con.execute("create table things (no integer, a integer, at_time timestamp)")
        con.execute("create table versions (a integer, version_no integer, valid_from timestamp, valid_to timestamp)")
        con.execute("insert into versions values (1, 1, '2024-01-02', '2024-01-04'), (1, 2, '2024-01-04', null)")
        for no, day in enumerate(("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")):
            con.execute("insert into things values (?, 1, ?)", [no, day])
        con.execute("insert into things values (5, 2, '2024-01-03')")
        assert sorted(con.execute(rendered[1]).fetchall()) == [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, None)]
        ((_, plan),) = con.execute(f"explain {rendered[1]}").fetchall()
    assert "HASH_JOIN" in plan and "NL_JOIN" not in plan
