"""What `asklake materialize` makes of tables by Python, and says where there is nothing to build."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_assets.assets.python_tables import make
from lakehouse_assets.commands.lake.building import Step, _nothing, plan_python, untold
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.domains import python_tables
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.serving.predicting import prediction_tables
from tests.assets import tiny

DAY = date(2001, 1, 1)


@pytest.mark.parametrize(
    ("first", "untold", "said"),
    [
        (None, [], "every day of bronze is in silver and gold"),
        (None, ["sales: …"], "every day of bronze that has tables is in silver and gold"),
        (DAY, [], "none of the days 2001-01-01 to 2001-01-01 is one for which there are tables"),
    ],
)
def test_nothing_to_build(first: date | None, untold: list[str], said: str) -> None:
    assert _nothing(first, first, untold) == f"Nothing to build: {said}."


def test_a_table_by_python_is_made_where_it_is_not_there_or_due(lake: Lake) -> None:
    contracts, health = platform_contracts(), "semantic.table_health"
    made: Any = SimpleNamespace(
        lake=lake, contracts=contracts, python_tables={t.identifier: t for t in python_tables()}
    )
    today = datetime.now(UTC).date()

    def planned(first: date | None = None, last: date | None = None, *, due: bool) -> list[Step]:
        return list(plan_python(made, [health, "gold.time_spine_daily"], first, last, due=due))

    lately = Step("platform", "make_table_health", (health,), today - timedelta(days=1), today)
    assert planned(due=False) == [lately], "it is not there"
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    make(lake, made.python_tables[health], contracts, [today], run_id="test")
    assert planned(due=False) == []
    assert planned(due=True) == [lately]
    assert planned(DAY, DAY, due=True) == [], "its days begin later"
    (step,) = planned(date(2026, 1, 5), date(2026, 1, 7), due=True)
    assert (step.first, step.last) == (date(2026, 1, 5), date(2026, 1, 7))


def test_a_table_whose_sources_are_not_there_is_told(lake: Lake) -> None:
    risks = {t.identifier: t for t in prediction_tables()}
    made: Any = SimpleNamespace(
        lake=lake, contracts=platform_contracts(), python_tables=risks, graph=SimpleNamespace(models=[])
    )
    told = untold(made, ["semantic.pgr_sla_breach_risk"])
    assert told == ["semantic.pgr_sla_breach_risk reads platinum.platinum_pgr_complaint_features, never published"]
