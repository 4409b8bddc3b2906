"""Column lineage off the SQL that ran."""

from __future__ import annotations

import pytest

from lakehouse_assets.assets.metadata.lineage import column_lineage, trace
from tests.assets import tiny

READS = {i: tiny.CONTRACTS[i] for i in ("bronze.service_events_raw", "silver.silver_pgr_events")}
FUNNEL = tiny.CONTRACTS["gold.gold_pgr_funnel_daily"]


@pytest.mark.parametrize(
    ("sql", "origins"),
    [
        ("select entity_id as a from bronze.service_events_raw", {("bronze.service_events_raw", "entity_id")}),
        (
            'with e as (select * from "memory"."bronze"."service_events_raw") select upper(status) as a from e',
            {("bronze.service_events_raw", "status")},
        ),
        (
            "select coalesce(e.ward_id, s.locality_id) as a from bronze.service_events_raw e "
            "join silver.silver_pgr_events s using (record_key)",
            {("bronze.service_events_raw", "ward_id"), ("silver.silver_pgr_events", "locality_id")},
        ),
        ("select complaint_type as a from run_only.some_table", {("silver.silver_pgr_events", "complaint_type")}),
        ("select 1 as a", set()),
    ],
)
def test_origins(sql: str, origins: set[tuple[str, str]]) -> None:
    assert trace(sql, ["a"], READS, "duckdb") == {"a": origins}


def test_sql_is_read_in_the_dialect_of_the_engine() -> None:
    sql = "select cast(date_add('day', 1, event_time) as timestamp(6)) as a from pub_1.bronze.service_events_raw"
    assert trace(sql, ["a"], READS, "trino") == {"a": {("bronze.service_events_raw", "event_time")}}


def test_sql_that_cannot_be_read_has_no_lineage() -> None:
    assert trace("this is not sql (", ["a"], READS, "duckdb") == {}
    assert column_lineage("this is not sql (", FUNNEL, list(READS.values()), "duckdb") is None
