"""The telemetry sample through the real command, against figures worked out from its raw files by other SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from tests.e2e.asking import assert_every_metric_answers
from tests.e2e.conftest import Sample
from tests.questions.worlds import HERE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
Query = Callable[[str], list[dict[str, Any]]]
SOURCES = (
    "telemetry_users", "feature_usage_hourly", "telemetry_sessions", "telemetry_experiments", "funnel_onboarding",
    "funnel_feature_adoption", "funnel_workflow_completion",
)  # fmt: skip


@pytest.fixture(scope="module")
def lake(sample: Sample) -> Lake:
    return sample.lake


@pytest.fixture(scope="module")
def query(lake: Lake) -> Query:
    def run(sql: str) -> list[dict[str, Any]]:
        with lake.session() as session:
            return session.query(sql).to_pylist()

    return run


@pytest.fixture(scope="module")
def raw(sample: Sample) -> duckdb.DuckDBPyConnection:
    """The files of the sample, read by the SQL of the question set."""
    con = open_instance()
    con.execute("set timezone = 'UTC'")
    for source in SOURCES:
        files = sorted(map(str, (sample.files / "telemetry" / source).iterdir()))
        con.execute(f"set variable {source} = ?", [files])
    con.execute((HERE / "telemetry.sql").read_text(encoding="utf-8"))
    return con


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            "select tenant_id, count(*) as n, sum(event_count) as events, count(distinct user_id) as users "
            "from gold.mart_feature_usage_hourly group by 1",
            "select tenant, count(*), sum(n), count(distinct person) from uses group by 1",
        ),
        (
            "select user_segment, sum(event_count) as n from gold.mart_feature_usage_by_time group by 1",
            "select tier, sum(n) from uses group by 1",
        ),
        (
            "select user_segment, count(*) as n, sum(feature_count) as f from gold.mart_user_sessions group by 1",
            "select tier, count(*), sum(features) from visits group by 1",
        ),
        (
            "select user_segment, feature, sum(user_count) as n from gold.mart_top_features group by all",
            "select p.tier, feature, count(distinct (tenant, person)) from uses join people p using (tenant, person) "
            "group by all",
        ),
        (
            "select funnel_type, funnel_step, sum(users_at_step) as n from gold.mart_funnel_analysis group by all",
            "select funnel, step, count(*) filter (furthest >= position) from journeys join stages using (funnel) "
            "group by all",
        ),
        (
            "select metric_date, sum(active_users) as n, sum(session_count) as s "
            "from gold.mart_dashboard_overview group by 1",
            "select day, coalesce(u, 0), coalesce(s, 0) "
            "from (select day, count(distinct (tenant, person)) u from uses group by 1) "
            "full join (select day, count(*) s from visits group by 1) using (day)",
        ),
        (
            "select cohort_week, week_number, sum(cohort_size) as n, sum(retained_users) as r "
            "from gold.mart_retention_cohorts group by all",
            "select cohort, since, sum(members), sum(active) from weeks group by all",
        ),
        (
            "select experiment_name, variant, sum(participants) as n, sum(conversions) as c "
            "from gold.mart_experiment_results group by all",
            "select experiment, variant, count(*), count(*) filter (reached) from parts group by all",
        ),
        (
            "select engagement_level, count(*) as n from silver.int_user_engagement group by 1",
            "select level, count(*) from activity group by 1",
        ),
        (
            "select table_name, sum(records_received) as n, sum(records_sound) as s "
            "from gold.mart_data_quality group by 1",
            "select feed, received, sound from quality",
        ),
    ],
)
def test_the_marts_say_what_the_files_say(query: Query, raw: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> None:
    found = sorted((tuple(r.values()) for r in query(ours)), key=repr)
    assert found
    assert found == sorted(raw.execute(theirs).fetchall(), key=repr)


def test_the_sample_is_at_least_95_percent_sound(query: Query) -> None:
    for row in query("select table_name, telemetry_quality_score as score from semantic.mv_telemetry_quality"):
        assert 0.95 <= row["score"] <= 1, row
    (least,) = query("select min(quality_score) as q from gold.mart_data_quality where records_refused = 0")
    assert least["q"] > 90


def test_every_metric_can_be_asked_by_week_and_tenant(lake: Lake) -> None:
    assert_every_metric_answers(lake, "telemetry", "week", more_rows_than=0)
