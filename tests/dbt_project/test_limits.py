"""Amounts as large as their columns take: what is made of them is exact, and stops neither a load nor a build."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from lakehouse_assets.assets.semantic import refresh
from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project import ecommerce, retail, telemetry
from tests.dbt_project.building import (
    CONTRACTS,
    PGR_MODELS,
    SALES_MODELS,
    Event,
    Line,
    Sent,
    build,
    load,
    load_all,
    table,
)

DAY = datetime(2025, 3, 30, 9)
WIDE = Context(prec=40, rounding=ROUND_HALF_UP)
MONEY, UNITS = Decimal("99999999999999.9999"), Decimal("999999999999999.999")


@dataclass(frozen=True)
class ExactLine(Line):
    """An order line with its units, price and amount to the last digit."""

    exactly: tuple[Decimal, Decimal, Decimal] = (UNITS, MONEY, MONEY)

    def row(self) -> dict[str, Any]:
        """The columns of bronze that depend on the line."""
        return super().row() | dict(zip(("quantity", "unit_price", "amount"), self.exactly, strict=True))


def with_values(sent: Sent, **values: Any) -> Sent:
    """The same record with other values."""
    return replace(sent, values={**sent.values, **values})


def test_sales(lake: Lake) -> None:
    lines = [ExactLine(f"l{n}", f"o{n}", DAY) for n in range(3)]
    lines += [ExactLine("l9", "o9", DAY, tenant="other", exactly=(Decimal(1), Decimal(10), Decimal(10)))]
    load(lake, "bronze.sample_sales", lines, 1)
    build(lake, SALES_MODELS, tests=True)
    months = {r["tenant_id"]: r for r in table(lake, "gold.gold_sales_monthly")}
    assert (months["acme"]["net_amount"], months["acme"]["units"]) == (3 * MONEY, 3 * UNITS)
    assert (months["other"]["net_amount"], months["other"]["units"]) == (10, 1)
    made = refresh(lake, CONTRACTS, ["semantic.mv_sales_geo"], run_id="test")
    assert not made.failures
    (geo,) = table(lake, "semantic.mv_sales_geo")
    assert (geo["sales_net_amount"], geo["sales_units"], geo["sales_orders"]) == (3 * MONEY + 10, 3 * UNITS + 1, 4)


def test_ecommerce(lake: Lake) -> None:
    huge = {"quantity": UNITS, "unit_price": MONEY, "freight_amount": MONEY, "refund_amount": MONEY}
    known = [ecommerce.customer("a", DAY), with_values(ecommerce.product("p", DAY), unit_cost=MONEY, list_price=MONEY)]
    sent = [*known, ecommerce.order("o", DAY, "a"), ecommerce.order("o2", DAY, "a")]
    sent += [with_values(ecommerce.item("o", n, DAY, "p"), **huge) for n in (1, 2)]
    sent += [with_values(ecommerce.item("o", 3, DAY, "nowhere"), **huge), ecommerce.item("o2", 1, DAY, "p")]
    sent += [with_values(ecommerce.payment("o", DAY, 1, part=part, kind=kind), amount=MONEY)
             for part, kind in (("1", "PAYMENT"), ("2", "PAYMENT"), ("3", "REFUND"))]  # fmt: skip
    load_all(lake, sent, 1)
    build(lake, ecommerce.MODELS, tests=True)
    value = WIDE.quantize(WIDE.multiply(UNITS, MONEY), Decimal("0.0001"))
    (day,) = table(lake, "gold.gold_daily_sales")
    assert (day["units"], day["gross_amount"], day["refund_amount"]) == (
        2 * UNITS + 1,
        WIDE.fma(value, 2, 10),
        2 * MONEY,
    )
    assert day["margin_amount"] == day["costed_amount"] - day["cost_amount"] == 10 - 2 * MONEY - MONEY
    (customer,) = table(lake, "gold.gold_customer_360")
    assert customer["lifetime_value"] == WIDE.fma(value, 2, 10 - 2 * MONEY)
    (held,) = table(lake, "silver.silver_ecommerce_quarantine")
    assert held["amount"] == value
    made = refresh(lake, CONTRACTS, ["semantic.mv_ecommerce_monthly"], run_id="test")
    assert not made.failures


def test_retail(lake: Lake) -> None:
    before = DAY - timedelta(days=40)
    known = [retail.place("b", before), retail.store("s", before, "b"), retail.product("p", before)]
    huge = {"quantity": UNITS, "gross_amount": MONEY, "net_amount": MONEY}
    sales = [with_values(retail.sale("1", n, DAY, "s", "p", asked="p"), **huge) for n in (1, 2)]
    crowds = [with_values(retail.event(f"e{n}", DAY, "s"), amount=UNITS) for n in (1, 2)]
    goods = [with_values(retail.document(f"d{n}", DAY, "s", 1), total_amount=MONEY) for n in (1, 2)]
    load_all(lake, [*known, *sales, *crowds, *goods], 1)
    build(lake, retail.MODELS, tests=True)
    day = next(r for r in table(lake, "gold.gold_retail_daily_store_sales") if r["line_count"])
    assert (day["net_amount"], day["units"], day["visitor_count"]) == (2 * MONEY, 2 * UNITS, 2 * UNITS)
    assert day["delivered_amount"] == 2 * MONEY
    features = table(lake, "platinum.platinum_retail_store_features")
    assert {r["net_28d"] for r in features} == {2 * MONEY}
    made = refresh(lake, CONTRACTS, ["semantic.mv_retail_monthly", "semantic.mv_retail_stores"], run_id="test")
    assert not made.failures


def test_telemetry(lake: Lake) -> None:
    """Times up to the last that a calendar has, and the highest number of a step."""
    last = datetime(9999, 12, 31, 23, 59, 59)
    sent = [telemetry.user("u", DAY), telemetry.user("v", DAY), telemetry.use("u", DAY, events=100)]
    sent += [with_values(telemetry.session("s", "u", DAY), session_end=last), telemetry.step("v", 1, DAY)]
    sent += [with_values(telemetry.step("u", 1, DAY), step_order=2**31 - 1)]
    sent += [with_values(telemetry.part("u", "e", "on", DAY), converted_at=last), telemetry.part("v", "e", "off", DAY)]
    load_all(lake, sent, 1)
    build(lake, telemetry.MODELS, tests=True)
    (day,) = table(lake, "gold.mart_dashboard_overview")
    assert (day["total_events"], day["session_hours"]) == (100, (last - DAY) / timedelta(hours=1))
    steps = table(lake, "gold.mart_funnel_analysis")
    assert {r["step_order"] for r in steps} == {1, 2**31 - 1}


def test_pgr(lake: Lake) -> None:
    """Hours of an SLA are whole and end after the last day that a calendar has."""
    events = [Event("k", "C1", "CREATED", DAY, sla_hours=2**31 - 1), Event("k2", "C2", "CREATED", DAY)]
    load(lake, "bronze.service_events_raw", events, 1)
    build(lake, PGR_MODELS, tests=True)
    cases = {r["complaint_id"]: r for r in table(lake, "gold.gold_pgr_case_lifecycle")}
    assert (cases["C1"]["sla_hours"], cases["C2"]["sla_hours"]) == (2**31 - 1, 24)
