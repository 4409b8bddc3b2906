"""Vocabularies for the tests: complaints and sales, and of hotels, a clinic, parcels, gyms, shops, a library."""

from __future__ import annotations

from dataclasses import replace

from nlq.core.dateparts import DATE_PARTS
from nlq.core.vocabulary import Dimension, Metric, Rows, Values, Vocabulary


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


def clinic() -> Vocabulary:
    """A catalog of a group of clinics: one table of visits, with ages, insurers that may be missing and names."""
    own = ("visit_id", "clinic", "doctor", "specialty", "visit_type", "insurer", "patient_age", "patient_name")
    columns = tuple(f"visit__{c}" for c in own)
    rows = Rows(columns, ("visit__visit_id",), "metric_time", counts=True)
    of = {"domain": "care", "rows": rows}
    metrics = [
        _n("visits", "Visits", "Number of visits.", columns, syn=["appointments"], additive=True, **of),
        _n("patients", "Patients", "Different patients seen.", columns, tally=True, **of),
        _n("no_shows", "No-shows", "Visits that the patient did not come to.", columns, additive=True, **of),
        _n("no_show_rate", "No-show rate", "No-shows by visits.", columns, type="ratio", format="percent",
           direction="down", **of),
        _n("avg_wait_minutes", "Average waiting time (minutes)", "Mean minutes between arrival and treatment.", columns,
           syn=["waiting time"], unit="minutes", direction="down", **of),
        _n("billed_amount", "Amount billed", "Sum of all bills.", columns, syn=["billing", "revenue"],
           format="currency", unit="EUR", additive=True, **of),
        _n("unpaid_amount", "Amount unpaid", "Billed and not yet paid.", columns, syn=["unpaid bills"],
           format="currency", unit="EUR", additive=True, **of),
        _n("avg_bill", "Average bill", "Amount billed by visits.", columns, type="ratio", format="currency",
           unit="EUR", **of),
    ]  # fmt: skip
    dimensions = [
        _d("metric_time", "Time", type="time"),
        _d("visit__visit_id", "Visit ID"),
        _d("visit__clinic", "Clinic", ("Northgate", "Riverside", "Old Town"), syn=["location"]),
        _d("visit__doctor", "Doctor", ("Dr. Ada Moreau", "Dr. Ben Okafor", "Dr. Li Chen"), syn=["physician"]),
        _d("visit__specialty", "Specialty", ("Cardiology", "Dermatology", "Pediatrics"), syn=["department"]),
        _d("visit__visit_type", "Visit type", ("FIRST", "FOLLOW_UP", "EMERGENCY")),
        _d("visit__insurer", "Insurer", ("Alpina", "Helvia", None), syn=["insurance company"]),
        _d("visit__patient_age", "Patient age", (34, 67, 8, 45), syn=["age"]),
        replace(_d("visit__patient_name", "Patient", ("Ivo Brandt", "Mara Silva")), personal=True),
    ]
    return _with_date_parts(metrics, dimensions)


def parcels() -> Vocabulary:
    """A catalog of a forwarder: parcels and claims share the carrier's name, and parcels have weights."""
    own = ("parcel_id", "carrier", "service_level", "shipper", "origin", "destination", "hub", "status", "weight",
           "is_late")  # fmt: skip
    columns = tuple(f"parcel__{c}" for c in own)
    claims = ("claim__reason", "claim__carrier")
    rows = Rows(columns, ("parcel__parcel_id",), "metric_time", counts=True)
    of = {"domain": "shipping", "rows": rows}
    metrics = [
        _n("parcels", "Parcels", "Number of parcels shipped.", columns, syn=["shipments", "packages"], additive=True,
           **of),
        _n("late_parcels", "Late parcels", "Delivered after the promised day.", columns, additive=True, **of),
        _n("on_time_rate", "On-time rate", "Parcels delivered on time.", columns, type="ratio", format="percent",
           direction="up", **of),
        _n("avg_delay_hours", "Average delay (hours)", "Mean hours after the promise.", columns, syn=["delay"],
           unit="hours", direction="down", **of),
        _n("shipping_cost", "Shipping cost", "What carriers are paid.", columns, syn=["freight cost"],
           format="currency", unit="USD", direction="down", additive=True, **of),
        _n("fees", "Fees", "What shippers are charged.", columns, format="currency", unit="USD", additive=True, **of),
        _n("weight_kg", "Total weight (kg)", "Sum of weights.", columns, syn=["weight"], unit="kg", additive=True,
           **of),
        _n("claims", "Claims", "Claims by receivers.", claims, domain="claims", additive=True, direction="down"),
    ]  # fmt: skip
    countries = ("Germany", "France", "Poland")
    carriers = ("Norden", "Bluefly", "Rapido")
    dimensions = [
        _d("metric_time", "Time", type="time"),
        _d("parcel__parcel_id", "Parcel ID"),
        _d("parcel__carrier", "Carrier", carriers),
        _d("parcel__service_level", "Service level", ("EXPRESS", "STANDARD", "ECONOMY"), syn=["service"]),
        _d("parcel__shipper", "Shipper", ("Acme Tools", "Bergmann", "Castor & Sons")),
        _d("parcel__origin", "Origin country", countries, syn=["origin"]),
        _d("parcel__destination", "Destination country", countries, syn=["destination"]),
        _d("parcel__hub", "Hub", ("Leipzig", "Lyon", "Gdansk")),
        _d("parcel__status", "Status", ("DELIVERED", "IN_TRANSIT", "LOST", "RETURNED")),
        _d("parcel__weight", "Parcel weight", (0.5, 2.0, 12.0, 31.5)),
        _d("parcel__is_late", "Late", (False, True)),
        _d("claim__reason", "Claim reason", ("DAMAGED", "MISSING_ITEM", "LATE"), syn=["reason"]),
        _d("claim__carrier", "Carrier", carriers),
    ]
    return _with_date_parts(metrics, dimensions)


def gyms() -> Vocabulary:
    """A catalog of a chain of gyms: members are a figure and an entity, and classes have a table of their own."""
    member = tuple(f"member__{c}" for c in ("member_id", "plan", "gym_name", "age_group", "gender", "referral"))
    classes = ("class__class_name", "class__instructor", "class__gym_name", "member__plan")
    metrics = [
        _n("members", "Members", "Different people with a membership.", member, "members", tally=True),
        _n("signups", "Sign-ups", "People who signed up for a membership.", member, "members", additive=True),
        _n("cancellations", "Cancellations", "Memberships that were cancelled.", member, "members", additive=True,
           direction="down"),
        _n("churn_rate", "Churn rate", "Cancelled by members.", member, "members", type="ratio", format="percent",
           syn=["churn"], direction="down"),
        _n("checkins", "Check-ins", "Times that members came in.", member, "members", syn=["gym visits"],
           additive=True),
        _n("membership_revenue", "Membership revenue", "Fees that members paid.", member, "members", syn=["revenue"],
           format="currency", unit="GBP", additive=True),
        _n("class_bookings", "Class bookings", "Places booked in classes.", classes, "classes", syn=["bookings"],
           additive=True),
        _n("avg_class_attendance", "Average class attendance", "People by class.", classes, "classes", type="ratio",
           format="number", syn=["attendance", "class attendance"]),
    ]  # fmt: skip
    gym = ("Harbour", "Station", "Parkside")
    dimensions = [
        _d("metric_time", "Time", type="time"),
        _d("member__member_id", "Member"),
        _d("member__plan", "Membership plan", ("Basic", "Plus", "Premium"), syn=["plan"]),
        _d("member__gym_name", "Gym", gym, syn=["club"]),
        _d("member__age_group", "Age group", ("18-25", "26-40", "41-60", "over 60")),
        _d("member__gender", "Gender", ("F", "M", "X")),
        _d("member__referral", "Referral source", ("FRIEND", "ADVERT", "WALK_IN")),
        _d("class__class_name", "Class", ("Yoga", "Spinning", "Boxing")),
        _d("class__instructor", "Instructor", ("Noor", "Tomas", "Wanda"), syn=["trainer"]),
        _d("class__gym_name", "Gym", gym, syn=["club"]),
    ]
    return _with_date_parts(metrics, dimensions)


def shops() -> Vocabulary:
    """A catalog of a mail-order house, with coded values: states, countries, flags, and parts too many to be listed."""
    own = ("order_id", "state", "country", "size", "approved", "gift", "part", "channel", "language")
    columns = tuple(f"order__{c}" for c in own)
    of = {"domain": "shop", "rows": Rows(columns, ("order__order_id",), "metric_time", counts=True)}
    metrics = [
        _n("orders", "Orders", "Number of orders.", columns, syn=["purchases"], additive=True, **of),
        _n("revenue", "Revenue", "Sum of orders.", columns, format="currency", unit="USD", additive=True, **of),
        _n("avg_basket", "Average basket", "Revenue by orders.", columns, type="ratio", format="currency", **of),
        _n("buyers", "Buyers", "Different buyers.", columns, tally=True, **of),
    ]
    dimensions = [
        _d("metric_time", "Time", type="time"),
        replace(_d("order__order_id", "Order ID"), values=Values(complete=False)),
        _d("order__state", "State", ("TX", "CA", "OR", "IN", "WA", "ME")),
        _d("order__country", "Country", ("USA", "BRA", "DEU", "GBR")),
        _d("order__size", "Size", ("S", "M", "L")),
        _d("order__approved", "Approved", ("Y", "N", None)),
        _d("order__gift", "Gift", (True, False, None), syn=["gift order"]),
        replace(_d("order__part", "Part number"), values=Values(("A-100", "B-200", "C-300"), complete=False)),
        _d("order__channel", "Channel", ("Web", "Phone", "Store & Kiosk")),
        _d("order__language", "Language", ("English", "French", "German")),
    ]
    return _with_date_parts(metrics, dimensions)


def library() -> Vocabulary:
    """A catalog of a library: readers with names and dates of birth, books with authors, and the loans of both."""
    who = ("reader_id", "reader_name", "first_name", "last_name", "town", "birth_date")
    reader = tuple(f"reader__{c}" for c in who)
    book = tuple(f"book__{c}" for c in ("book_id", "title", "author", "genre", "pages"))
    loan = ("loan__loan_id", "loan__days_kept", *reader, *book)
    readers = Rows(reader, reader[:1], "reader__joined_on", counts=True)
    books = Rows(book, book[:1], "book__bought_on", counts=True)
    loans = Rows(loan[:2], loan[:1], "loan__lent_on", counts=True)
    metrics = [
        _n("readers", "Readers", "Number of readers.", reader, subjects=frozenset({"reader"}), additive=True,
           syn=["borrowers"], rows=readers),
        _n("books", "Books", "Number of books.", book, subjects=frozenset({"book"}), additive=True, rows=books),
        _n("average_pages", "Average pages", "Mean number of pages.", book, subjects=frozenset({"book"}), rows=books),
        _n("highest_pages", "Highest pages", "Most pages.", book, subjects=frozenset({"book"}), rows=books),
        _n("lowest_pages", "Lowest pages", "Fewest pages.", book, subjects=frozenset({"book"}), rows=books),
        _n("loans", "Loans", "Number of loans.", loan, subjects=frozenset({"loan"}), additive=True, rows=loans),
        _n("fines", "Fines", "Fines for books kept too long.", loan, format="currency", unit="EUR", additive=True),
        _n("authors", "Authors", "Different authors.", book, subjects=frozenset({"book"}), tally=True, rows=books),
    ]  # fmt: skip
    dimensions = [
        _d("metric_time", "Time", type="time"),
        _d("reader__reader_id", "Reader ID"),
        _d("reader__reader_name", "Reader", ("Ivo Brandt", "Mara Silva")),
        _d("reader__first_name", "First name", ("Ivo", "Mara")),
        _d("reader__last_name", "Last name", ("Brandt", "Silva"), syn=["surname"]),
        _d("reader__birth_date", "Birth date", type="time"),
        _d("reader__town", "Town", ("Arles", "Nimes")),
        _d("book__book_id", "Book ID"),
        _d("book__title", "Title", ("Dune", "Emma")),
        _d("book__author", "Author", ("Herbert", "Austen")),
        _d("book__genre", "Genre", ("Novel", "Poetry")),
        _d("book__pages", "Pages", (120, 480)),
        _d("loan__loan_id", "Loan ID"),
        _d("loan__days_kept", "Days kept", (3, 21)),
    ]
    return _with_date_parts(metrics, dimensions)


def _with_date_parts(metrics: list[Metric], dimensions: list[Dimension]) -> Vocabulary:
    parts = frozenset(DATE_PARTS)
    return Vocabulary.of(
        [replace(m, dimensions=m.dimensions | parts) for m in metrics], [*dimensions, *DATE_PARTS.values()]
    )


def _n(name, label, description, dimensions, domain="", *, syn=(), type="simple", format="integer", **more):
    return Metric(name, label, description, tuple(syn), type, format, domain, dimensions=frozenset(dimensions), **more)


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
