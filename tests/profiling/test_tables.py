"""Profiles of published tables: what is kept, which rows are looked at, and who is shown which values."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, QueryTimeoutError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.profiling.kept import KEPT, KeptProfiles
from lakehouse_assets.profiling.model import Profile
from lakehouse_assets.profiling.tables import NoProfileError, Profiles, ProfilesBusyError, hidden_columns
from nlq.core.guard import Caller
from semantic.layer import SemanticLayer

CASES = "gold.gold_pgr_case_lifecycle"
VIEWER = Caller(tenant="pb.amritsar", role="viewer")


@pytest.fixture(scope="module")
def url(tmp_path_factory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('profiles')}/questions.db"


@pytest.fixture(scope="module")
def profiles(asked_lake: Lake, url: str):
    manifest.ensure(asked_lake.settings)
    made = Profiles(asked_lake, url)
    yield made
    made.close()


def test_a_profile_is_of_the_rows_there_are(asked_lake, profiles):
    with asked_lake.session() as session:
        rows = session.query(f"select count(*) as n, count(distinct ward_id) as wards from {CASES}").to_pylist()[0]
    found = profiles.of(CASES)
    assert (found.rows, found.column("ward_id").distinct) == (rows["n"], rows["wards"])
    assert found.column("submitted_at").histogram and 0 <= found.score <= 1 and not found.sampled


def test_it_is_computed_once_for_a_snapshot_and_read_back_within_200_ms(asked_lake, profiles, url, monkeypatch):
    found = profiles.of(CASES)
    monkeypatch.setattr("lakehouse_assets.profiling.compute.profile_of", lambda *_, **__: pytest.fail("computed again"))
    other = Profiles(asked_lake, url)
    started = time.thread_time()
    assert other.of(CASES) == found
    assert time.thread_time() - started < 0.2
    other.close()


def test_a_profile_that_many_statements_make_is_bounded_as_a_whole(asked_lake, url, monkeypatch):
    monkeypatch.setattr("lakehouse_assets.profiling.tables.KeptProfiles.find", lambda *_: None)
    other = Profiles(asked_lake, url)
    with pytest.raises(QueryTimeoutError):
        other.of(CASES, longest_s=1e-9)
    other.close()


def test_who_looks_while_another_profile_takes_long_is_told_so(asked_lake, url, monkeypatch):
    monkeypatch.setattr("lakehouse_assets.profiling.tables.WAITS_S", 0.05)
    monkeypatch.setattr("lakehouse_assets.profiling.tables.KeptProfiles.find", lambda *_: None)
    other = Profiles(asked_lake, url)
    with other._turn(None), pytest.raises(ProfilesBusyError):
        other.shown_to(Caller(role="admin"), CASES)
    other.close()


def test_a_profile_is_of_the_snapshot_that_was_read_whatever_is_published_meanwhile(asked_lake, tmp_path):
    """Names and columns come from the state that the session reads, not from what the catalog has a moment later."""
    other = Profiles(asked_lake, f"sqlite:///{tmp_path}/questions.db")
    expected = asked_lake.catalog.load_table(CASES).metadata.current_snapshot_id
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(asked_lake.catalog), "load_table", lambda *_: pytest.fail("read a second time"))
        assert other.of(CASES).snapshot_id == str(expected)
    other.close()


def test_a_tenant_is_shown_figures_of_the_own_rows_alone(lake_of_one, profiles):
    shown = profiles.shown_to(VIEWER, CASES)
    with lake_of_one.session() as session:
        rows = session.query(f"select count(*) as n from {CASES}").column("n")[0].as_py()
    assert shown.rows == rows < profiles.of(CASES).rows
    assert "jalandhar" not in json.dumps(shown.to_json())
    assert profiles.of(CASES, tenant="pb.nobody' or true --").rows == 0


def test_a_table_of_all_tenants_together_has_no_profile_for_one(profiles):
    with pytest.raises(NoProfileError, match="cannot be told apart"):
        profiles.shown_to(VIEWER, "gold.time_spine_daily")


@pytest.mark.parametrize("caller", [Caller(role="writer"), Caller(role="viewer")])
def test_a_role_that_sees_no_rows_is_shown_no_profile(profiles, caller):
    with pytest.raises(NoProfileError):
        profiles.shown_to(caller, CASES)


def test_texts_are_shown_where_they_are_a_dimension_of_the_table_and_to_an_admin_always(asked_lake, profiles):
    assert profiles.shown_to(Caller(role="analyst"), CASES).column("channel").top
    assert not any(c.hidden for c in profiles.shown_to(Caller(role="admin"), CASES).columns)
    elsewhere = profiles.of(CASES).model_copy(update={"table": "silver.undeclared"})
    hidden = hidden_columns(elsewhere, SemanticLayer(asked_lake.settings).catalog())
    assert hidden == {c.name for c in elsewhere.columns if c.kind == "text"}
    assert "CALL_CENTER" not in json.dumps(elsewhere.without_values(hidden).to_json())


def test_a_personal_dimension_hides_its_column_in_every_table(asked_lake, profiles):
    catalog, found = SemanticLayer(asked_lake.settings).catalog(), profiles.of(CASES)
    name = next(n for n, d in catalog.dimensions.items() if d.expr == "ward_id")
    personal = {**catalog.dimensions, name: replace(catalog.dimensions[name], personal=True)}
    assert "ward_id" not in hidden_columns(found, catalog)
    assert "ward_id" in hidden_columns(found, replace(catalog, dimensions=personal))


def test_a_table_that_is_not_there_is_refused_with_the_nearest(profiles):
    with pytest.raises(QueryRefusedError, match=CASES):
        profiles.of("gold.gold_pgr_case_lifecycl")


def test_only_the_newest_are_kept(url, profiles):
    found, kept = profiles.of(CASES), KeptProfiles(url)
    for number in range(KEPT + 3):
        at = found.computed_at.replace(year=2030, minute=number)
        kept.keep(found.model_copy(update={"table": "gold.other", "snapshot_id": str(number), "computed_at": at}))
    before: list[Profile] = kept.before("gold.other", "none")
    assert [p.snapshot_id for p in before] == [str(n) for n in range(KEPT + 2, 2, -1)]
    assert kept.find("gold.other", "0") is None
    kept.close()
