"""Feature views say who answers for which features; what is wrong with one is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse_assets.domains import DOMAINS, contracts_of
from lakehouse_assets.features import FeatureError, all_views, find_view
from lakehouse_assets.features.views import read_views

GOOD = """views:
  - name: some_stores
    description: Of some stores.
    table: platinum.platinum_retail_store_features
    entity: [tenant_id, store_id]
    date: feature_date
    owner: team:retail-data
    freshness_days: 3
    features: [net_7d]
"""


def test_every_platinum_table_is_declared_with_all_its_columns() -> None:
    declared = {view.table: {*view.entity, view.date, *view.features} for view in all_views().values()}
    made = {c.identifier: set(c.column_names) for d in DOMAINS for c in contracts_of(d) if c.layer == "platinum"}
    assert declared == made
    assert made


def test_a_view_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(FeatureError, match=r"'retail_shop'; known: .*retail_store"):
        find_view("retail_shop")


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("freshness_days: 3", "freshness_days: 0", "line 8: field 'freshness_days'"),
        ("owner: team:retail-data", "owner: Anna", "line 7: field 'owner'"),
        ("    description: Of some stores.\n", "", "line 2: field 'description'"),
        ("[net_7d]", "[net_7d, net_9d]", "has no feature net_9d"),
        ("[tenant_id, store_id]", "[store_id]", "must be the key"),
        ("team:retail-data", "team:other", "names team:retail-data"),
        ("platinum_retail_store_features", "platinum_stores", "field 'table'"),
        ("views:\n", "views: [\n", "not YAML"),
    ],
)
def test_a_wrong_view_is_told_with_its_place(was: str, now: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "features.yml"
    path.write_text(GOOD.replace(was, now))
    with pytest.raises(FeatureError) as caught:
        read_views(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_right_view_is_read(tmp_path: Path) -> None:
    path = tmp_path / "features.yml"
    path.write_text(GOOD)
    (view,) = read_views(path)
    assert (view.name, view.features, view.contract.layer) == ("some_stores", ("net_7d",), "platinum")
