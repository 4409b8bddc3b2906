"""Metrics against hand-written SQL over the same tables, and requests that have no answer."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from lakehouse_assets.domains import all_contracts
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from semantic.errors import SemanticError
from semantic.layer import SemanticLayer
from semantic.manifest.catalog import MetricDefinition
from semantic.requests.filters import Filter
from tests.semantic.tables import DOMAINS

SPRING = (date(2025, 3, 10), date(2025, 6, 19))


def asked(layer: SemanticLayer, session: DuckDBSession, *metrics: str, **request: Any) -> list[tuple[Any, ...]]:
    """Rows of a request, rounded so that they can be compared."""
    return plain(layer.query(session, list(metrics), **request).rows.to_pylist())


def by_hand(session: DuckDBSession, sql: str) -> list[tuple[Any, ...]]:
    return plain(session.query(sql).to_pylist())


def plain(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(round(float(v), 6) if not isinstance(v, str | date | None) else v for v in r.values()) for r in rows]


def metrics_here(layer: SemanticLayer) -> list[MetricDefinition]:
    """The metrics whose tables the lake of these tests has: it has no models that predict."""
    return [m for m in layer.catalog().metrics.values() if m.domain in DOMAINS and not m.model]


def test_every_metric_runs_by_period_and_tenant(layer: SemanticLayer, session: DuckDBSession) -> None:
    for metric in metrics_here(layer):
        result = layer.query(session, [metric.name], ["tenant_id"], grain="month", order_by=["metric_time"])
        assert result.rows.num_rows > 20, metric.name
        assert [c.name for c in result.columns] == ["metric_month", "tenant_id", metric.name]
        assert set(result.snapshots) <= {"gold.time_spine_daily", *layer.compile([metric.name], grain="month").tables}
        assert result.rows.column(metric.name).null_count < result.rows.num_rows, metric.name


def test_every_metric_runs_alone_or_says_that_it_needs_a_period(layer: SemanticLayer, session: DuckDBSession) -> None:
    for metric in metrics_here(layer):
        if metric.needs_time:
            with pytest.raises(SemanticError, match="per period only"):
                layer.compile([metric.name])
        else:
            (row,) = asked(layer, session, metric.name)
            assert row[0] is not None, metric.name


def test_every_metric_compiles_for_trino(asked_lake: Lake, layer: SemanticLayer) -> None:
    target, dialect = asked_lake.settings.dbt_target_dir, spec_of("trino").dialect
    trino = SemanticLayer(asked_lake.settings, target_dir=target, dialect=dialect)
    for metric in layer.catalog().metrics.values():
        assert metric.name in trino.compile([metric.name], grain=metric.max_grain or "month").sql


def test_counts_ratios_averages_and_percentiles_by_ward(layer: SemanticLayer, session: DuckDBSession) -> None:
    metrics = "pgr_complaints pgr_resolved_complaints pgr_open_complaints pgr_closed_complaints pgr_reopened_complaints"
    rates = "pgr_sla_breaches pgr_sla_breach_rate pgr_resolution_rate"
    times = "pgr_avg_turnaround_hours pgr_median_turnaround_hours pgr_p90_turnaround_hours pgr_max_turnaround_hours"
    names = f"{metrics} {rates} {times}".split()
    found = asked(layer, session, *names, group_by=["ward_id"], time_range=SPRING, order_by=["ward_id"])
    assert len(found) == 5, "four wards and the unknown one"
    assert found == by_hand(
        session,
        f"""select ward_id, count(*) n, count(*) filter (not is_open) r, count(*) filter (is_open) o,
          count(closed_at) c,
          count(*) filter (reopen_count > 0) re, count(*) filter (is_sla_breached) b,
          count(*) filter (is_sla_breached) / count(is_sla_breached) br, count(*) filter (not is_open) / count(*) rr,
          avg(turnaround_hours) a, median(turnaround_hours) m, quantile_cont(turnaround_hours, 0.9) p,
          max(turnaround_hours) x
        from gold.gold_pgr_case_lifecycle where submitted_date between '{SPRING[0]}' and '{SPRING[1]}'
        group by 1 order by 1""",
    )


def test_change_on_the_month_before(layer: SemanticLayer, session: DuckDBSession) -> None:
    found = asked(layer, session, "pgr_complaints_mom", grain="month", order_by=["metric_time"])
    expected = by_hand(
        session,
        """with m as (select date_trunc('month', submitted_date)::date m, count(*) n
        from gold.gold_pgr_case_lifecycle group by 1) select m, n / lag(n) over (order by m) - 1 c from m order by m""",
    )
    assert found == expected
    within = asked(
        layer, session, "pgr_complaints_mom", grain="month", order_by=["metric_time"],
        time_range=(date(2025, 4, 1), date(2025, 5, 31)),
    )  # fmt: skip
    assert within == [row for row in expected if row[0] in (date(2025, 4, 1), date(2025, 5, 1))]


def test_a_change_is_over_whole_periods_and_says_so(layer: SemanticLayer) -> None:
    compiled = layer.compile(["pgr_complaints_mom"], grain="month", time_range=(date(2025, 4, 12), date(2025, 5, 3)))
    assert "DATE '2025-04-01'" in compiled.sql
    assert "DATE '2025-05-31'" in compiled.sql
    assert "whole months" in compiled.notes[0]


RUNNING = """
with base as (select metric_date d, ward_id, sum(submitted_count) n from gold.gold_pgr_funnel_daily group by 1, 2)
select m.m, b.ward_id, sum(b.n) filter (b.d < m.m + interval 1 month) from
  (select distinct date_trunc('month', d)::date m from base) m join base b on b.d < m.m + interval 1 month
where m.m >= date '2025-06-01' group by 1, 2 order by 1, 2
"""


def test_a_running_total_by_month_and_ward(layer: SemanticLayer, session: DuckDBSession) -> None:
    found = asked(
        layer, session, "pgr_complaints_cumulative", group_by=["ward_id"], grain="month",
        time_range=(date(2025, 6, 1), None), order_by=["metric_time", "ward_id"],
    )  # fmt: skip
    assert found == by_hand(session, RUNNING)


def test_a_running_total_without_periods_is_the_one_at_the_end(layer: SemanticLayer, session: DuckDBSession) -> None:
    (found,) = asked(layer, session, "pgr_complaints_cumulative", time_range=SPRING)
    (expected,) = by_hand(
        session,
        f"select count(*) from gold.gold_pgr_case_lifecycle where submitted_date <= date '{SPRING[1]}'",
    )
    assert found == expected


def test_a_running_total_stops_where_the_data_stop(layer: SemanticLayer, session: DuckDBSession) -> None:
    rows = asked(layer, session, "pgr_complaints_cumulative", grain="day", order_by=["-metric_time"])
    (last,) = by_hand(session, "select max(metric_date), sum(submitted_count) from gold.gold_pgr_funnel_daily")
    assert rows[0] == last
    (days,) = by_hand(session, "select max(metric_date) - min(metric_date) + 1 from gold.gold_pgr_funnel_daily")
    assert len(rows) == days[0], "a row for every day, also those without a complaint"


def test_month_to_date(layer: SemanticLayer, session: DuckDBSession) -> None:
    found = asked(
        layer, session, "sales_net_amount_mtd", grain="day", time_range=SPRING, order_by=["metric_time"],
    )  # fmt: skip
    expected = by_hand(
        session,
        f"""with d as (
          select date_day d from gold.time_spine_daily where date_day between '{SPRING[0]}' and '{SPRING[1]}')
        select d, (select coalesce(sum(amount), 0) from silver.silver_sales s
        where s.sale_date <= d and s.sale_date >= date_trunc('month', d)) from d order by 1""",
    )
    assert found == expected
    (at_end,) = asked(layer, session, "sales_net_amount_mtd", time_range=SPRING)
    assert at_end[0] == expected[-1][1]


def test_year_to_date_and_growth_of_monthly_sales(layer: SemanticLayer, session: DuckDBSession) -> None:
    found = asked(layer, session, "sales_net_amount_ytd", "sales_growth_mom", grain="month", order_by=["metric_time"])
    assert found == by_hand(
        session,
        """with m as (select month_date m, sum(net_amount) n from gold.gold_sales_monthly group by 1)
        select m, sum(n) over (partition by year(m) order by m),
          (n - lag(n) over (order by m)) / lag(n) over (order by m)
        from m order by m""",
    )


def test_sales_figures_by_region(layer: SemanticLayer, session: DuckDBSession) -> None:
    names = (
        "sales_net_amount sales_gross_amount sales_return_amount sales_orders sales_units sales_customers sales_lines"
    )
    found = asked(
        layer, session, *names.split(), "sales_avg_order_value", group_by=["region"], order_by=["region"],
    )  # fmt: skip
    assert found == by_hand(
        session,
        """select region, sum(amount), coalesce(sum(amount) filter (not is_return), 0),
          -coalesce(sum(amount) filter (is_return), 0), count(distinct (tenant_id, order_id)), sum(quantity),
          count(distinct (tenant_id, customer_id)) filter (customer_id is not null), count(*),
          sum(amount) / count(distinct (tenant_id, order_id)) from silver.silver_sales group by 1 order by 1""",
    )


BACKLOG = (
    "select {keys} coalesce(sum(open_cases), 0) from gold.gold_pgr_backlog_daily where metric_date in ({days}) {more}"
)


def test_a_backlog_is_taken_on_the_last_day_of_each_period(layer: SemanticLayer, session: DuckDBSession) -> None:
    found = asked(layer, session, "pgr_backlog", grain="month", time_range=SPRING, order_by=["metric_time"])
    days = (
        "select max(metric_date) from gold.gold_pgr_backlog_daily where metric_date between '{}' and '{}'"
        " group by month(metric_date)"
    )
    sql = BACKLOG.format(
        keys="date_trunc('month', metric_date)::date,", days=days.format(*SPRING), more="group by 1 order by 1"
    )
    assert len(found) == 4
    assert found == by_hand(session, sql)


def test_a_backlog_of_a_group_with_nothing_open_on_the_last_day_is_none(
    layer: SemanticLayer, session: DuckDBSession
) -> None:
    last = "select max(metric_date) from gold.gold_pgr_backlog_daily where metric_date <= '2025-06-19'"
    groups = """select ward_id, channel, priority from gold.gold_pgr_backlog_daily where ward_id is not null
        group by all having {} (max(metric_date) filter (metric_date <= '2025-06-19') = ({})) order by all limit 1"""
    for has_none in (True, False):
        ((ward, channel, priority),) = by_hand(session, groups.format("not" if has_none else "", last))
        wanted = {"ward_id": ward, "channel": channel, "priority": priority}
        where = [Filter(name, "eq", (value,)) for name, value in wanted.items()]
        found = asked(layer, session, "pgr_backlog", where=where, time_range=(None, SPRING[1]))
        more = "".join(f" and {name} = '{value}'" for name, value in wanted.items())
        assert found == by_hand(session, BACKLOG.format(keys="", days=last, more=more))
        assert (found == [(0.0,)]) is has_none


def test_metrics_of_several_models_side_by_side(layer: SemanticLayer, session: DuckDBSession) -> None:
    result = layer.query(
        session, ["pgr_complaints", "pgr_closed_events", "pgr_backlog"], ["complaint__ward_id"],
        [Filter("complaint__tenant_id", "eq", ("pb.amritsar",))], SPRING, order_by=["ward_id"],
    )  # fmt: skip
    for metric, table, expr in (
        ("pgr_complaints", "gold_pgr_case_lifecycle", "count(*) filter (submitted_date between '{}' and '{}')"),
        ("pgr_closed_events", "gold_pgr_funnel_daily", "sum(closed_count) filter (metric_date between '{}' and '{}')"),
    ):
        expected = session.query(
            f"select ward_id, {expr.format(*SPRING)} n from gold.{table} where tenant_id = 'pb.amritsar'"
            " group by 1 order by 1"
        )
        found = dict(
            zip(result.rows.column("ward_id").to_pylist(), result.rows.column(metric).to_pylist(), strict=True)
        )
        assert found == dict(zip(*(c.to_pylist() for c in expected.columns), strict=True))
    assert set(result.snapshots) == {
        f"gold.gold_pgr_{name}" for name in ("case_lifecycle", "funnel_daily", "backlog_daily")
    }


def test_order_limit_and_thresholds(layer: SemanticLayer, session: DuckDBSession) -> None:
    def ask(**more: Any) -> list[tuple[Any, ...]]:
        return asked(layer, session, "pgr_complaints", group_by=["ward_id", "channel"], **more)

    everything = ask(order_by=["-pgr_complaints"])
    assert [row[2] for row in everything] == sorted((row[2] for row in everything), reverse=True)
    assert ask(order_by=["-pgr_complaints"], limit=3) == everything[:3]
    assert ask(order_by=["-pgr_complaints"]) == everything, "ties have an order"
    above = ask(order_by=["-pgr_complaints"], where=[Filter("pgr_complaints", "gt", (55,))])
    assert above == [row for row in everything if row[2] > 55]
    assert 0 < len(above) < len(everything)


def test_column_names(layer: SemanticLayer) -> None:
    def names(*group_by: str, **more: Any) -> list[str]:
        return [c.name for c in layer.compile(["pgr_complaints"], group_by, **more).columns][:-1]

    assert names("complaint__ward_id", "metric_time__month") == ["ward_id", "metric_month"]
    assert names("ward_id", "metric_time__month", names="qualified") == ["complaint__ward_id", "metric_time__month"]
    assert names("complaint__closed_at__week") == ["closed_at_week"]
    assert names("metric_time") == ["metric_day"]
    assert names("metric_time", grain="year") == ["metric_year"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"metrics": ["pgr_complants"]}, "no metric 'pgr_complants'; did you mean pgr_complaints"),
        ({"metrics": ["pgr_complaints"], "group_by": ["ward"]}, "no dimension 'ward'; did you mean"),
        ({"metrics": ["pgr_complaints"], "where": [Filter("warden", "eq", ("x",))]}, "no dimension 'warden'"),
        ({"metrics": []}, "at least one metric"),
        ({"metrics": ["pgr_complaints", "pgr_complaints"]}, "named twice"),
        ({"metrics": ["pgr_complaints"], "grain": "fortnight"}, "no grain 'fortnight'"),
        ({"metrics": ["pgr_complaints"], "time_range": (SPRING[1], SPRING[0])}, "ends .* before it begins"),
        ({"metrics": ["pgr_complaints"], "order_by": ["ward_id"]}, "cannot order by 'ward_id'"),
        ({"metrics": ["pgr_complaints"], "where": [Filter("pgr_backlog", "gt", (1,))]}, "needs the metric"),
        ({"metrics": ["pgr_complaints"], "group_by": ["ward_id__month"]}, "is not a time"),
        ({"metrics": ["sales_growth_mom"], "grain": "day"}, "by month at best"),
        ({"metrics": ["pgr_complaints_mom"], "grain": "year"}, "no meaning by year"),
        ({"metrics": ["pgr_complaints", "sales_lines"], "group_by": ["category"]}, "no dimension 'category'"),
        (
            {"metrics": ["pgr_complaints_cumulative"], "where": [Filter("metric_time", "gt", (SPRING[0],))]},
            "time range, not as a filter",
        ),
    ],
)
def test_what_has_no_answer_says_why(layer: SemanticLayer, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(SemanticError, match=message):
        layer.compile(**request_)


def test_saved_queries_are_the_tables_their_contracts_promise(layer: SemanticLayer, session: DuckDBSession) -> None:
    contracts = {c.table: c for c in all_contracts() if c.made_by == "saved_query"}
    assert set(contracts) == set(layer.catalog().saved_queries)
    for name, contract in contracts.items():
        if contract.domain not in DOMAINS:
            continue
        compiled = layer.compile_saved_query(name)
        assert sorted(c.name for c in compiled.columns) == sorted(contract.column_names)
        casts = ", ".join(f"{c.name}::{c.type} as {c.name}" for c in contract.columns)
        assert session.query(f"select {casts} from ({compiled.sql})").num_rows > 0


def test_threads_get_the_same_sql(layer: SemanticLayer, asked_lake: Any) -> None:
    fresh = SemanticLayer(asked_lake.settings)
    metrics = sorted(m.name for m in metrics_here(layer))[:12]

    def compile_all(_: int) -> list[str]:
        return [
            re.sub(r"subq_\d+", "s", fresh.compile([m], ["tenant_id"], grain="quarter").sql)
            for m in metrics
            if "mom" not in m
        ]

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(compile_all, range(4)))
    assert all(result == results[0] for result in results)


def test_compiling_again_takes_no_time(layer: SemanticLayer) -> None:
    def compile_(ward: str) -> float:
        begun = time.perf_counter()
        where = [Filter("ward_id", "eq", (ward,))]
        layer.compile(["pgr_complaints"], ["channel"], where, SPRING, "week", ["metric_time"])
        return time.perf_counter() - begun

    compile_("WARD_01")
    assert min(compile_("WARD_01") for _ in range(5)) < 0.001
    assert min(compile_(f"WARD_{n}") for n in range(5)) < 0.005, "another value is no other template"


def test_a_project_that_was_not_parsed_is_named(asked_lake: Any, tmp_path: Path) -> None:
    with pytest.raises(SemanticError, match=r"semantic_manifest.json: run `dbt parse`"):
        SemanticLayer(asked_lake.settings, target_dir=tmp_path).catalog()


class TestAnotherProject:
    """Nothing in the layer knows the built-in domains."""

    @pytest.fixture
    def ask(self, hotels: Path, settings: Settings) -> Any:
        layer = SemanticLayer(settings, target_dir=hotels)
        with duckdb.connect(str(hotels.parent / "hotels.duckdb"), read_only=True) as con:  # noqa: TID251 - a file that a test made

            def run(sql: str) -> list[tuple[Any, ...]]:
                return plain(con.execute(sql).to_arrow_table().to_pylist())

            yield lambda *a, **k: (layer.compile(*a, **k), run(layer.compile(*a, **k).sql), run)

    def test_dimensions_of_joined_models(self, ask: Any) -> None:
        compiled, rows, run = ask(
            ["nights", "guests"], ["town"], [Filter("hotel__town", "ne", ("Chur",))], order_by=["town"]
        )
        assert compiled.tables == ("stays.bookings", "stays.hotels")
        assert rows == run(
            "select town, sum(nights), count(distinct guest_id) from stays.bookings join stays.hotels using (hotel_id)"
            " where town is distinct from 'Chur' group by 1 order by 1"
        )

    def test_a_window_of_days(self, ask: Any) -> None:
        _, rows, run = ask(["nights_3d"], grain="day", order_by=["metric_time"])
        assert rows == run(
            "with d as (select d from stays.days where d between (select min(arrival) from stays.bookings)"
            " and (select max(arrival) from stays.bookings)) select d, (select coalesce(sum(nights), 0)"
            " from stays.bookings where arrival > d - 3 and arrival <= d) from d order by 1"
        )

    def test_what_only_metricflow_can_compute(self, ask: Any) -> None:
        _, rows, run = ask(
            ["guests_so_far"], grain="day", time_range=(date(2026, 1, 3), date(2026, 1, 9)), order_by=["metric_time"]
        )
        assert rows == run(
            "select d, (select count(distinct guest_id) from stays.bookings where arrival <= d) from stays.days"
            " where d between '2026-01-03' and '2026-01-09' order by 1"
        )
        with pytest.raises(SemanticError, match="running total: group it by time"):
            ask(["guests_so_far"])

    def test_labels_are_made_where_there_are_none(self, hotels: Path, settings: Settings) -> None:
        catalog = SemanticLayer(settings, target_dir=hotels).catalog()
        assert catalog.dimensions["hotel__town"].label == "Town"
        assert set(catalog.metric("nights").dimensions) == {
            "booking__arrival",
            "booking__board",
            "hotel__town",
            "hotel__owner__joined",
            "hotel__owner__seen",
        }
