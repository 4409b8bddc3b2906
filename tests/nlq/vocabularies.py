"""Two vocabularies for the tests: complaints and sales, and a foreign one about hotels."""

from __future__ import annotations

from dataclasses import replace

from nlq.core.dateparts import DATE_PARTS
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary


def complaints() -> Vocabulary:
    """A catalog like the one of the built-in domains."""
    cases = frozenset(
        f"complaint__{c}"
        for c in ("ward_id", "locality_id", "channel", "complaint_type", "priority", "status", "tenant_id")
    )
    backlog = frozenset(f"backlog__{c}" for c in ("ward_id", "channel", "complaint_type", "priority", "tenant_id"))
    sales = frozenset(f"sale__{c}" for c in ("country", "region", "city", "category", "channel", "tenant_id"))
    metrics = [
        _m("pgr_complaints", "Complaints", "Number of complaints submitted.", cases, syn=["grievances", "cases"]),
        _m("pgr_open_complaints", "Open complaints", "Complaints not yet resolved.", cases, syn=["pending complaints"]),
        _m("pgr_closed_complaints", "Closed complaints", "Complaints that were closed.", cases),
        _m("pgr_resolved_complaints", "Resolved complaints", "Complaints resolved or closed.", cases),
        _m("pgr_sla_breaches", "SLA breaches", "Finished after their SLA.", cases, syn=["overdue complaints"]),
        _m("pgr_resolution_rate", "Resolution rate", "Resolved by submitted.", cases, type="ratio", format="percent",
           direction="up"),
        _m("pgr_sla_breach_rate", "SLA breach rate", "Breaches by finished complaints.", cases, type="ratio",
           format="percent", direction="down"),
        _m("pgr_avg_turnaround_hours", "Average turnaround (hours)", "Mean hours to finish.", cases, format="hours",
           syn=["average resolution time", "turnaround time", "TAT"], direction="down"),
        _m("pgr_median_turnaround_hours", "Median turnaround (hours)", "Median hours.", cases, format="hours"),
        _m("pgr_p90_turnaround_hours", "P90 turnaround (hours)", "90th percentile of hours.", cases, format="hours"),
        _m("pgr_complaints_mom", "Complaints month over month", "Change against the month before.", cases,
           type="derived", format="percent", syn=["month over month growth"]),
        _m("pgr_cumulative_complaints", "Cumulative complaints", "Complaints so far.", cases, type="cumulative",
           syn=["running total of complaints"]),
        _m("pgr_backlog", "Backlog", "Complaints open at the end of the day.", backlog, syn=["open cases"]),
        _m("pgr_overdue_backlog", "Overdue backlog", "Open past their SLA.", backlog),
        _m("sales_net_amount", "Net sales", "Sales less returns.", sales, "sales", syn=["sales", "revenue"],
           format="currency"),
        _m("sales_gross_amount", "Gross sales", "Sales before returns.", sales, "sales", format="currency"),
        _m("sales_return_amount", "Returns", "Amount of returned lines.", sales, "sales", syn=["returned amount"],
           format="currency"),
        _m("sales_orders", "Orders", "Number of orders.", sales, "sales"),
        _m("sales_units", "Units sold", "Units.", sales, "sales", syn=["units", "quantity sold"]),
        _m("sales_average_order_value", "Average order value", "Net sales by orders.", sales, "sales", type="ratio",
           format="currency", syn=["AOV"]),
        _m("sales_return_rate", "Return rate", "Returns by gross sales.", sales, "sales", type="ratio",
           format="percent", direction="down"),
    ]  # fmt: skip
    wards = tuple(f"WARD_{n:02d}" for n in range(1, 21))
    channels = ("MOBILE_APP", "WEB", "WHATSAPP", "CALL_CENTER", "WALK_IN")
    types = ("STREETLIGHT", "GARBAGE", "WATER_SUPPLY", "ROAD_DAMAGE", "DRAINAGE")
    tenants = ("pb.amritsar", "pb.jalandhar", "pb.ludhiana")
    dimensions = [
        _d("metric_time", "Time", type="time"),
        _d("complaint__submitted_date", "Submitted date", type="time"),
    ]
    for entity in ("complaint", "backlog"):
        dimensions += [
            _d(f"{entity}__ward_id", "Ward", wards, syn=["wards", "area"]),
            _d(f"{entity}__channel", "Channel", channels, syn=["source"]),
            _d(f"{entity}__complaint_type", "Complaint type", types, syn=["category of complaint"]),
            _d(f"{entity}__priority", "Priority", ("LOW", "MEDIUM", "HIGH", "CRITICAL")),
            _d(f"{entity}__tenant_id", "Tenant", tenants, syn=["municipality"]),
        ]
    dimensions += [
        _d("complaint__locality_id", "Locality", ("LOC_001", "LOC_002")),
        _d("complaint__status", "Status", ("CLOSED", "RESOLVED", "ASSIGNED", "OPEN", "REOPENED")),
        _d("sale__country", "Country", ("India", "United Kingdom", "Germany", "France")),
        _d("sale__region", "Region", ("North", "South", "West")),
        _d("sale__city", "City", ("London", "Delhi", "Berlin", "Amritsar")),
        _d("sale__category", "Product category", ("Books", "Home & Kitchen", "Toys")),
        _d("sale__channel", "Sales channel", ("ONLINE", "STORE")),
        _d("sale__tenant_id", "Tenant", tenants),
    ]
    summed = [m for m in metrics if m.type in ("simple", "ratio") and "backlog" not in m.name]
    parts = frozenset(DATE_PARTS)
    metrics = [replace(m, dimensions=m.dimensions | parts) if m in summed else m for m in metrics]
    return Vocabulary.of(metrics, [*dimensions, *DATE_PARTS.values()])


def hotels() -> Vocabulary:
    """A catalog of another subject, with other names."""
    stays = frozenset(
        {"stay__hotel_name", "stay__room_class", "stay__booked_via", "stay__is_cancelled", "stay__nation"}
    )
    metrics = [
        Metric("bookings", "Bookings", "How many stays were booked.", ("reservations",), dimensions=stays),
        Metric("nights", "Room nights", "Nights sold.", (), dimensions=stays),
        Metric("adr", "Average daily rate", "Revenue by night.", ("ADR",), "ratio", "currency", dimensions=stays),
        Metric("cancel_rate", "Cancellation rate", "Cancelled by booked.", (), "ratio", "percent", direction="down",
               dimensions=stays),
        Metric("stay_length_days", "Average length of stay (days)", "Mean days.", ("stay length",), unit="days",
               dimensions=stays),
    ]  # fmt: skip
    dimensions = [
        _d("stay__hotel_name", "Hotel", ("Grand Plaza", "Sea View", "Old Mill"), syn=["property"]),
        _d("stay__room_class", "Room class", ("Suite", "Standard", "Deluxe")),
        _d("stay__booked_via", "Booking channel", ("DIRECT", "TRAVEL_AGENT", "WEBSITE")),
        _d("stay__nation", "Guest country", ("Portugal", "Spain", "IN", "US")),
        Dimension("stay__is_cancelled", "Cancelled", "", (), "categorical", Values((False, True))),
    ]
    return Vocabulary.of(metrics, dimensions)


def _m(
    name,
    label,
    description,
    dimensions,
    domain="pgr",
    *,
    syn=(),
    type="simple",
    format="integer",
    direction=None,
):
    return Metric(name, label, description, tuple(syn), type, format, domain, None, direction, dimensions)


def _d(name, label, values=(), *, syn=(), type="categorical"):
    return Dimension(name, label, "", tuple(syn), type, Values(tuple(values)))
