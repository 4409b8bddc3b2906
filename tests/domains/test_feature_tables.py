"""No feature that Python makes knows of the day it is told on or a later one: without those days it is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.domains.ecommerce import tables as ecommerce
from lakehouse_assets.domains.pgr import tables as pgr
from lakehouse_assets.domains.telemetry import tables as telemetry
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.python_table import Inputs, PythonTable

FIRST = date(2026, 1, 1)
DAYS = 75
day = st.integers(0, DAYS)
few = st.integers(0, 3)


class Tables:
    """What a function of a table asks: an engine that has tables of these rows."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def hold(self, rows: Mapping[str, Sequence[Mapping[str, Any]]], schemas: Mapping[str, pa.Schema]) -> Tables:
        for name, schema in schemas.items():
            given_rows = pa.Table.from_pylist(list(rows[name]), schema=schema)
            self.con.register("given_rows", given_rows)
            self.con.execute(f"create schema if not exists silver; create or replace table {name} as from given_rows")
            self.con.unregister("given_rows")
        return self

    def query(self, sql: str) -> pa.Table:
        return self.con.execute(sql).to_arrow_table()

    def made(self, table: PythonTable, zone: str = "UTC") -> list[dict[str, Any]]:
        inputs = Inputs(self, None, {}, local=DIALECT.local_time(zone))  # type: ignore[arg-type]
        rows = table.rows(inputs).to_pylist()
        return sorted(rows, key=lambda r: tuple(str(r[c]) for c in table.contract.key))


@pytest.fixture(scope="module")
def engine() -> Iterator[Tables]:
    con = open_closed()
    yield Tables(con)
    con.close()


def at(day: int, hour: int = 9) -> datetime:
    return datetime.combine(FIRST + timedelta(days=day), datetime.min.time()) + timedelta(hours=hour)


def schema(**types: pa.DataType) -> pa.Schema:
    return pa.schema(list(types.items()))


TEXT, DAY, TIME, WHOLE = pa.string(), pa.date32(), pa.timestamp("us"), pa.int64()
USES = {
    telemetry.USES: schema(
        tenant_id=TEXT, user_id=TEXT, usage_date=DAY, window_start=TIME, feature=TEXT, event_count=pa.int32(),
        user_segment=TEXT,
    ),
    telemetry.SESSIONS: schema(tenant_id=TEXT, user_id=TEXT, session_date=DAY),
}  # fmt: skip
SHOP = {
    ecommerce.ORDERS: schema(tenant_id=TEXT, customer_id=TEXT, order_id=TEXT, order_date=DAY),
    ecommerce.LINES: schema(tenant_id=TEXT, order_id=TEXT, net_amount=pa.decimal128(18, 4)),
    ecommerce.SESSIONS: schema(tenant_id=TEXT, customer_id=TEXT, ended_at=TIME, product_views=WHOLE, cart_adds=WHOLE),
}
CASES = {
    pgr.EVENTS: schema(
        tenant_id=TEXT, complaint_id=TEXT, event_type=TEXT, event_time=TIME, event_date=DAY, complaint_type=TEXT,
        priority=TEXT, channel=TEXT, ward_id=TEXT, sla_hours=pa.int32(),
    ),
    pgr.PERIODS: schema(
        tenant_id=TEXT, complaint_id=TEXT, period_no=pa.int32(), opened_at=TIME, opened_date=DAY, closed_at=TIME,
        closed_date=DAY, sla_due_at=TIME,
    ),
}  # fmt: skip


def uses(drawn: Sequence[tuple[int, int, int, int]], until: int) -> dict[str, list[dict[str, Any]]]:
    rows = [
        {"tenant_id": "t", "user_id": f"u{user}", "usage_date": at(d).date(), "window_start": at(d),
         "event_count": n + 1, "feature": f"f{feature}", "user_segment": ("Free", "Trial", "Premium", "Enterprise")[n]}
        for d, user, feature, n in drawn if d < until
    ]  # fmt: skip
    begun = [{"tenant_id": "t", "user_id": r["user_id"], "session_date": r["usage_date"]} for r in rows]
    return {telemetry.USES: rows, telemetry.SESSIONS: begun}


def shop(drawn: Sequence[tuple[int, int, int, int]], until: int) -> dict[str, list[dict[str, Any]]]:
    seen = [(n, *row) for n, row in enumerate(drawn) if row[0] < until]
    return {
        ecommerce.ORDERS: [
            {"tenant_id": "t", "customer_id": f"c{c}", "order_id": f"o{n}", "order_date": at(d).date()}
            for n, d, c, *_ in seen
        ],
        ecommerce.LINES: [{"tenant_id": "t", "order_id": f"o{n}", "net_amount": worth} for n, _, _, worth, _ in seen],
        ecommerce.SESSIONS: [
            {"tenant_id": "t", "customer_id": f"c{c}", "ended_at": at(d), "product_views": v, "cart_adds": 0}
            for _, d, c, _, v in seen
        ],
    }


def cases(drawn: Sequence[tuple[int, int, int, int]], until: int) -> dict[str, list[dict[str, Any]]]:
    """Complaints, of which what happens from a day on is not known yet."""
    events, periods = [], []
    for n, (d, open_days, ward, sla_days) in enumerate(drawn):
        if d >= until:
            continue
        said = {"tenant_id": "t", "complaint_id": f"p{n}"}
        about = {"complaint_type": f"t{ward % 2}", "priority": "LOW", "channel": "APP", "ward_id": f"w{ward}",
                 "sla_hours": 24 * (sla_days + 1)}  # fmt: skip
        events.append({**said, **about, "event_type": "CREATED", "event_time": at(d), "event_date": at(d).date()})
        assigned = d + open_days // 4
        if assigned < until:
            events.append(
                {**said, "event_type": "ASSIGNED", "event_time": at(assigned, 10), "event_date": at(assigned).date()}
            )
        closed = d + open_days // 2
        is_closed = closed < until
        periods.append(
            {**said, "period_no": 1, "opened_at": at(d), "opened_date": at(d).date(),
             "closed_at": at(closed, 12) if is_closed else None,
             "closed_date": at(closed).date() if is_closed else None,
             "sla_due_at": at(d) + timedelta(days=sla_days + 1)}
        )  # fmt: skip
    return {pgr.EVENTS: events, pgr.PERIODS: periods}


MADE = [
    (telemetry.user_features, uses, USES),
    (telemetry.adoption_features, uses, USES),
    (ecommerce.customer_features, shop, SHOP),
    (pgr.complaint_features, cases, CASES),
]


@pytest.mark.parametrize(("table", "world", "schemas"), MADE, ids=[t.contract.table for t, *_ in MADE])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(st.tuples(day, st.integers(0, 9), few, few), min_size=1, max_size=40), cut=st.integers(30, DAYS))
def test_features_are_the_same_without_the_days_that_come_after(
    engine: Tables, table: Any, world: Any, schemas: Any, drawn: list[tuple[int, int, int, int]], cut: int
) -> None:
    every_day = [(0, 0, 0, 0), (DAYS + 1, 0, 0, 0)]
    whole = engine.hold(world([*every_day, *drawn], DAYS + 2), schemas).made(table)
    known = engine.hold(world([*every_day, *drawn], cut), schemas).made(table)
    last = FIRST + timedelta(days=cut)
    on_both = {r["feature_date"] for r in known} & {r["feature_date"] for r in whole if r["feature_date"] <= last}
    newest = {r["feature_date"] for r in known if r["feature_date"] not in on_both}
    assert len(newest) <= 1  # of the newest day features are told whichever day it is
    regular = [r for r in whole if r["feature_date"] in on_both]
    if table is pgr.complaint_features:  # of its newest day, all open complaints are told
        keys = {tuple(r[c] for c in table.contract.key) for r in regular}
        known = [r for r in known if tuple(r[c] for c in table.contract.key) in keys]
    assert regular == [r for r in known if r["feature_date"] in on_both]


def test_they_are_what_counting_by_hand_gives(engine: Tables) -> None:
    drawn = [(0, 1, 0, 0), (30, 1, 1, 1), (33, 1, 1, 2), (36, 2, 2, 0)]
    rows = engine.hold(uses(drawn, 99), USES).made(telemetry.user_features)
    (row,) = [r for r in rows if r["user_id"] == "u1" and r["feature_date"] == date(2026, 2, 7)]
    assert row == {
        "feature_date": date(2026, 2, 7), "tenant_id": "t", "user_id": "u1", "user_segment": "Premium", "events_7d": 5,
        "events_28d": 5, "active_days_7d": 2, "active_days_28d": 2, "features_28d": 1, "sessions_28d": 2,
        "days_since_active": 4, "days_since_first_active": 37, "trend_7d": 4.0,
    }  # fmt: skip
    adopting = engine.made(telemetry.adoption_features)
    new_to_u2 = {r["feature"]: r["adopted_share"] for r in adopting if r["user_id"] == "u2"}
    assert new_to_u2 == {"f0": 0.5, "f1": 0.5}


def test_days_begin_and_end_where_the_project_is(engine: Tables) -> None:
    zone, opened = "Asia/Kolkata", at(40, 20)  # 1:30 of the day after, there
    of = {"tenant_id": "t", "complaint_id": "p1"}
    created = {
        **of, "event_type": "CREATED", "event_time": opened, "event_date": at(41).date(), "complaint_type": "t1",
        "priority": "LOW", "channel": "APP", "ward_id": "w1", "sla_hours": 72,
    }  # fmt: skip
    edges = [{**created, "complaint_id": f"p{d}", "event_time": at(d), "event_date": at(d).date()} for d in (2, 42)]
    period = {
        **of, "period_no": 1, "opened_at": opened, "opened_date": at(41).date(), "closed_at": None, "closed_date": None,
        "sla_due_at": opened + timedelta(hours=72),
    }  # fmt: skip
    settled = {**period, "complaint_id": "p2", "opened_at": at(36, 18), "opened_date": at(36).date(),
               "closed_at": at(39, 19), "closed_date": at(40).date(), "sla_due_at": at(41, 19)}  # fmt: skip
    engine.hold({pgr.EVENTS: [*edges, created], pgr.PERIODS: [settled, period]}, CASES)
    rows = {(r["feature_date"], r["complaint_id"]): r for r in engine.made(pgr.complaint_features, zone)}
    first = rows[at(42).date(), "p1"]
    assert (first["hours_open"], first["hours_left"]) == (22.5, 49.5)  # day 42 begins at 18:30 UTC of day 41
    assert first["type_breach_share_28d"] is None  # the SLA of the other one, 0:30 of that day, has not run out yet
    assert rows[at(43).date(), "p1"]["ward_breach_share_28d"] == 0


def test_a_visit_of_the_evening_counts_for_the_day_it_falls_on(engine: Tables) -> None:
    rows = shop([(0, 1, 1, 0), (40, 1, 1, 0)], 99)
    rows[ecommerce.SESSIONS] = [
        {"tenant_id": "t", "customer_id": "c1", "ended_at": at(39, 20), "product_views": 1, "cart_adds": 0}
    ]
    engine.hold(rows, SHOP)
    since = {
        zone: [r["days_since_session"] for r in engine.made(ecommerce.customer_features, zone)][-1]
        for zone in ("UTC", "Asia/Kolkata")
    }
    assert since == {"UTC": 2, "Asia/Kolkata": 1}
