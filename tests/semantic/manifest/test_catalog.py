"""The models as people meet them; that everything has label, description and synonyms is held by tests/checking."""

from __future__ import annotations

import json
import re
from pathlib import Path
from shutil import copy

import pytest

from lakehouse_assets.settings import Settings
from semantic.errors import AmbiguousDimensionError, SemanticError, UnknownNameError
from semantic.layer import SemanticLayer

PROMISED = """
pgr_complaints pgr_resolved_complaints pgr_closed_complaints pgr_open_complaints pgr_reopened_complaints
pgr_sla_breaches pgr_sla_breach_rate pgr_resolution_rate pgr_avg_turnaround_hours pgr_median_turnaround_hours
pgr_p90_turnaround_hours pgr_complaints_cumulative pgr_complaints_mom pgr_backlog pgr_closed_events
sales_net_amount sales_gross_amount sales_return_amount sales_orders sales_units sales_customers sales_lines
sales_avg_order_value sales_net_amount_mtd sales_growth_mom
"""


def test_every_metric_belongs_to_a_domain_and_says_what_it_is_made_of(layer: SemanticLayer) -> None:
    metrics = layer.catalog().metrics
    assert set(PROMISED.split()) <= set(metrics)
    for metric in metrics.values():
        assert metric.name.startswith(f"{metric.domain}_"), metric.name
        assert metric.direction in (None, "up", "down"), metric.name
        assert metric.definition


def test_every_metric_can_be_filtered_by_tenant_but_those_of_tables_and_runs(layer: SemanticLayer) -> None:
    catalog = layer.catalog()
    for name, metric in catalog.metrics.items():
        if not re.search("gold_platform_(tables|runs)", metric.times[0].relation):
            assert catalog.resolve("tenant_id", name).element == "tenant_id"
        else:
            with pytest.raises(UnknownNameError):
                catalog.resolve("tenant_id", name)


def test_shared_dimensions_mean_the_same(layer: SemanticLayer) -> None:
    catalog = layer.catalog()
    for element in ("tenant_id", "ward_id", "channel", "complaint_type", "priority"):
        found = [catalog.resolve(element, name) for name in ("pgr_complaints", "pgr_backlog", "pgr_closed_events")]
        assert len({dimension.identity for dimension in found}) == 1, element
    assert catalog.resolve("complaint__ward_id", "pgr_backlog").name == "backlog_day__ward_id"


def test_a_channel_of_sales_is_not_a_channel_of_complaints(layer: SemanticLayer) -> None:
    with pytest.raises(UnknownNameError):
        layer.catalog().resolve("complaint__channel", "sales_net_amount")


def test_what_a_metric_is_made_of(layer: SemanticLayer) -> None:
    metrics = layer.catalog().metrics
    assert metrics["pgr_resolution_rate"].definition == "pgr_resolved_complaints / pgr_complaints"
    assert "percentile 0.9 of turnaround_hours" in metrics["pgr_p90_turnaround_hours"].definition
    assert "1 month earlier" in metrics["pgr_complaints_mom"].definition
    assert "since the start of the month" in metrics["sales_net_amount_mtd"].definition
    assert metrics["sales_growth_mom"].min_grain == metrics["sales_growth_mom"].max_grain == "month"


def test_the_valid_dimensions_are_kept_beside_the_manifest(layer: SemanticLayer, tmp_path: Path) -> None:
    settings = Settings(profile="local", home=tmp_path, landing="", dagster_home=None)
    copy(settings.dbt_target_dir / "semantic_manifest.json", tmp_path)
    first = SemanticLayer(settings, target_dir=tmp_path).catalog()
    kept = tmp_path / "asklake_dimensions.json"
    assert set(json.loads(kept.read_text())["dimensions"]) == set(first.metrics)
    assert SemanticLayer(settings, target_dir=tmp_path).catalog() == first
    kept.write_text("{broken")
    assert SemanticLayer(settings, target_dir=tmp_path).catalog() == first


def test_a_new_manifest_is_seen(layer: SemanticLayer, tmp_path: Path) -> None:
    settings = Settings(profile="local", home=tmp_path, landing="", dagster_home=None)
    target = tmp_path / "semantic_manifest.json"
    copy(settings.dbt_target_dir / "semantic_manifest.json", target)
    seeing = SemanticLayer(settings, target_dir=tmp_path)
    assert seeing.catalog() is seeing.catalog()
    raw = json.loads(target.read_text())
    raw["metrics"] = [m for m in raw["metrics"] if m["name"] != "pgr_events"]
    target.write_text(json.dumps(raw))
    assert "pgr_events" not in seeing.catalog().metrics


def test_a_short_name_that_could_be_two_is_asked_back(hotels: Path, settings: Settings, tmp_path: Path) -> None:
    raw = json.loads((hotels / "semantic_manifest.json").read_text())
    bookings = next(m for m in raw["semantic_models"] if m["name"] == "bookings")
    board = next(d for d in bookings["dimensions"] if d["name"] == "board")
    bookings["dimensions"].append({**board, "name": "town", "expr": "board"})
    (tmp_path / "semantic_manifest.json").write_text(json.dumps(raw))
    layer = SemanticLayer(settings, target_dir=tmp_path)
    with pytest.raises(AmbiguousDimensionError, match="booking__town, hotel__town"):
        layer.compile(["nights"], ["town"])
    assert issubclass(AmbiguousDimensionError, SemanticError)
    assert [c.name for c in layer.compile(["nights"], ["booking__town", "hotel__town"]).columns] == [
        "booking__town",
        "hotel__town",
        "nights",
    ]
