"""What the end-to-end tests of the domains share: that each metric of a domain answers."""

from __future__ import annotations

from lakehouse_assets.lakehouse.lake import Lake
from semantic.layer import SemanticLayer


def assert_every_metric_answers(lake: Lake, domain: str, grain: str, *, more_rows_than: int) -> None:
    """Each metric has values by grain and tenant, and a value over all time unless it needs a grain.

    Those of predictions have none: the demo trains no model.
    """
    layer = SemanticLayer(lake.settings)
    metrics = [m for m in layer.catalog().metrics.values() if m.domain == domain and not m.model]
    assert len(metrics) >= 15
    with lake.session() as session:
        for metric in metrics:
            found = layer.query(session, [metric.name], ["tenant_id"], grain=grain).rows
            assert found.num_rows > more_rows_than and found.column(metric.name).null_count < found.num_rows, (
                metric.name
            )
            if not metric.needs_time:
                (row,) = layer.query(session, [metric.name]).rows.to_pylist()
                assert row[metric.name] is not None, metric.name
