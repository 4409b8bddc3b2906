"""What get_features gives is the newest row that a day may know of, for each entity, as a plain search finds it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.features import FeatureError, find_view, get_features, retrieval
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings

VIEW = find_view("retail_store")
FIRST = date(2026, 1, 25)
KNOWN = ("net_7d", "days_since_sale")
#: Store and days after FIRST on which it has a row.
ROWS = {"a": (0, 1, 2, 9, 20), "b": (3,), 'it\'s "c"; d': (0, 18)}


def publish(lake: Lake, rows: Mapping[str, tuple[int, ...]]) -> None:
    """Make the table these rows of each store; their sales say which day they are of."""
    contract = VIEW.contract
    query = " union all ".join(row(store, day) for store, days in rows.items() for day in days)
    publication = open_publication(lake, run_id="features")
    with publication.session() as session:
        publication.stage_query(contract, query, session, ReplaceTable())
    publication.audit()
    publication.publish()


def row(store: str, day: int) -> str:
    """A feature row as a query that every engine reads."""
    said = {
        "feature_date": str(FIRST + timedelta(days=day)), "tenant_id": "t", "store_id": store.replace("'", "''"),
        "net_7d": str(day), "net_28d": str(day), "days_since_sale": "1", "day_of_week": "1",
    }  # fmt: skip
    return "select " + ", ".join(
        f"cast('{said.get(name, '0')}' as {kind}) as {name}" for name, kind in VIEW.contract.types.items()
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home: Path = tmp_path_factory.mktemp("features")
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    publish(lake, ROWS)
    yield lake


def entity(store: str) -> Mapping[str, Any]:
    return {"tenant_id": "t", "store_id": store}


asked = st.lists(st.tuples(st.sampled_from([*ROWS, "unknown"]), st.integers(-2, 40)), max_size=12)


@settings(deadline=None, max_examples=30)
@given(asked, st.integers(1, 5))
def test_each_entity_gets_the_newest_row_its_day_may_know(
    stores: Lake, wanted: list[tuple[str, int]], batch: int
) -> None:
    days = [FIRST + timedelta(days=day) for _, day in wanted]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval, "BATCH", batch)
        found = get_features(stores, "retail_store", [entity(store) for store, _ in wanted], days, features=KNOWN)
    expected = []
    for store, day in wanted:
        usable = [d for d in ROWS.get(store, ()) if day - VIEW.freshness_days < d <= day]
        newest = max(usable, default=None)
        expected.append(
            {
                **entity(store), "as_of": FIRST + timedelta(days=day),
                "feature_date": None if newest is None else FIRST + timedelta(days=newest),
                "net_7d": None if newest is None else Decimal(newest),
                "days_since_sale": None if newest is None else 1,
            }
        )  # fmt: skip
    assert found.rows.to_pylist() == expected
    assert found.rows.column_names == ["tenant_id", "store_id", "as_of", "feature_date", *KNOWN]


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_the_engine_of_the_cluster_finds_the_same_rows(stores: Lake, cluster_lake: Lake) -> None:
    publish(cluster_lake, ROWS)
    wanted = [entity(store) for store in [*ROWS, "unknown"] for _ in range(30)]
    days = [FIRST + timedelta(days=day) for _ in [*ROWS, "unknown"] for day in range(30)]
    for as_of in (days, None):
        ours, theirs = (get_features(lake, VIEW, wanted, as_of).rows for lake in (stores, cluster_lake))
        assert theirs.to_pylist() == ours.to_pylist()


def test_the_newest_features_are_those_of_the_newest_day(stores: Lake) -> None:
    found = get_features(stores, "retail_store", [entity("b"), entity("a")], features=["net_7d"]).rows.to_pylist()
    assert [(row["store_id"], row["net_7d"]) for row in found] == [("b", None), ("a", Decimal(20))]
    assert {row["as_of"] for row in found} == {FIRST + timedelta(days=20)}


def test_all_features_of_a_view_come_where_none_is_named(stores: Lake) -> None:
    (row,) = get_features(stores, VIEW, [entity("a")], FIRST).rows.to_pylist()
    assert row.keys() == {"tenant_id", "store_id", "as_of", "feature_date", *VIEW.features}


def test_an_older_snapshot_gives_the_same_features_again(tmp_path: Path) -> None:
    lake = Lake(Settings(profile="local", home=tmp_path, landing="", dagster_home=None))
    publish(lake, {"a": (0,)})
    then = get_features(lake, VIEW, [entity("a")], FIRST + timedelta(days=4))
    publish(lake, {"a": (0, 2)})
    now = get_features(lake, VIEW, [entity("a")], FIRST + timedelta(days=4))
    assert now.rows.column("feature_date").to_pylist() == [FIRST + timedelta(days=2)]
    again = get_features(lake, VIEW, [entity("a")], FIRST + timedelta(days=4), snapshot=then.snapshot)
    assert again.rows == then.rows


@pytest.mark.parametrize(
    ("entities", "as_of", "features", "told"),
    [
        ([{"tenant_id": "t"}], FIRST, [], "entity 0 has no store_id"),
        ([entity("a")], [FIRST, FIRST], [], "as_of has 2 days"),
        ([entity("a")], FIRST, ["age"], "has no feature age; it has net_1d"),
        ([entity("a")] * 10_001, None, [], "10,000 at most"),
        ([entity("a\x1e")], FIRST, [], "control character"),
    ],
)
def test_what_cannot_be_asked_is_said(entities: Any, as_of: Any, features: Any, told: str, stores: Lake) -> None:
    with pytest.raises(FeatureError, match=told):
        get_features(stores, VIEW, entities, as_of, features=features)
