"""Seeded sample of public grievances (PGR): complaint events as a municipal system would send them.

Only the making of files belongs here. How they are read is said by ``sources.yml``, what a valid row is by
``contracts.py``; neither is imported, so that the sample can disagree with them where it is meant to.

The shape of the data: complaints follow the weekday, the hour and the season (drainage, sewage and flooding
peak in the monsoon), a few wards are busy and a few are slow, the channel mix moves from telephone to
messenger over the months, about 4 % of the resolved complaints are reopened, and the youngest are still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary

SOURCE = "pgr_events"
SIZE = 150_000
"""Events in the usual sample."""
#: Ways a line is broken, in the order of their ``kind`` numbers.
BROKEN_KINDS = ("malformed_json", "bad_date", "unknown_event_type", "missing_tenant", "missing_entity")

CHANNELS = ("WEB", "MOBILE_APP", "WHATSAPP", "CALL_CENTER", "WALK_IN")
_CHANNEL_MIX_FIRST = np.array([0.24, 0.20, 0.06, 0.34, 0.16])
_CHANNEL_MIX_LAST = np.array([0.17, 0.31, 0.27, 0.17, 0.08])
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
_PRIORITY_MIX = np.array([0.22, 0.48, 0.24, 0.06])
_PRIORITY_SLA = np.array([1.5, 1.0, 0.5, 0.25])

#: complaint type -> (share of all complaints, SLA hours at MEDIUM priority, factor by month Jan..Dec)
_FLAT = (1.0,) * 12
_MONSOON = (0.6, 0.6, 0.7, 0.7, 0.9, 1.6, 3.0, 3.2, 2.1, 0.9, 0.6, 0.6)
_SUMMER = (0.6, 0.7, 0.9, 1.3, 1.8, 1.9, 1.2, 1.0, 0.9, 0.8, 0.7, 0.6)
_WINTER = (1.5, 1.3, 1.0, 0.9, 0.8, 0.8, 0.8, 0.9, 1.0, 1.1, 1.3, 1.5)
_TYPES: dict[str, tuple[float, int, tuple[float, ...]]] = {
    "STREETLIGHT": (0.19, 48, _WINTER),
    "GARBAGE": (0.21, 24, _FLAT),
    "DRAINAGE": (0.11, 72, _MONSOON),
    "STREET_FLOODING": (0.05, 24, _MONSOON),
    "SEWAGE": (0.09, 48, _MONSOON),
    "WATER_SUPPLY": (0.13, 36, _SUMMER),
    "ROAD_POTHOLE": (0.10, 168, _FLAT),
    "STRAY_ANIMALS": (0.06, 96, _FLAT),
    "PUBLIC_TOILET": (0.03, 72, _FLAT),
    "TREE_FALL": (0.03, 48, _SUMMER),
}
COMPLAINT_TYPES = tuple(_TYPES)
_TYPE_SHARE = np.array([share for share, _, _ in _TYPES.values()])
_TYPE_SLA = np.array([sla for _, sla, _ in _TYPES.values()])
_TYPE_SEASON = np.array([season for _, _, season in _TYPES.values()])

_WEEKDAY = np.array([1.22, 1.12, 1.06, 1.04, 1.02, 0.86, 0.62])
#: Arrivals by hour of the day in UTC; the offices work in UTC+05:30.
_HOUR = np.array(
    [
        *(1.6, 2.0, 3.2, 5.5, 8.0, 9.0, 8.6, 7.4, 6.4, 6.0, 6.2, 6.0),
        *(5.4, 4.6, 4.0, 3.4, 2.8, 2.0, 1.3, 0.8, 0.5, 0.5, 0.7, 1.1),
    ]
)
WARDS = 16
_WARD_SHARE = 1.0 / np.arange(1, WARDS + 1) ** 0.65
#: Wards where a complaint takes longer, by index.
_WARD_PACE = np.where(np.isin(np.arange(WARDS), (2, 6, 10, 13)), 1.75, 1.0)
_LOCALITIES_PER_WARD = 5
_NO_WARD_SHARE = 0.004

EVENT_TYPES = ("CREATED", "ASSIGNED", "RESOLVED", "CLOSED", "REOPENED")
_STATUS_AFTER = ("OPEN", "ASSIGNED", "RESOLVED", "CLOSED", "REOPENED")
_ACTOR = ("CITIZEN", "DISPATCHER", "FIELD_WORKER", "SUPERVISOR", "CITIZEN")
_CREATED, _REOPENED = 0, 4
#: Share of the resolved complaints that is opened once more, by how often that happened before.
_REOPEN_SHARE = (0.042, 0.10)
_OFFSET = timedelta(hours=5, minutes=30)


def write_sample(
    folder: Path,
    *,
    size: int = SIZE,
    seed: int = 2026,
    first_day: date = sampling.FIRST_DAY,
    last_day: date = sampling.LAST_DAY,
    tenants: tuple[str, ...] = sampling.TENANTS,
    files: int | None = None,
    compression: Compression = "gzip",
    defects: Defects = Defects(),  # noqa: B008 - frozen
) -> SampleSummary:
    """Write ``<folder>/pgr_events/events_0001.ndjson.gz`` and so on; return what they hold.

    ``size`` is the exact number of distinct valid events, all between ``first_day`` and ``last_day`` (UTC,
    inclusive). Duplicates and broken lines come on top. The same arguments give the same bytes. Memory is
    bounded by one file, whatever ``size`` is; ``files`` overrides how many files there are.
    """
    spans = sampling.windows(first_day, last_day, size, files)
    rng = np.random.default_rng(seed)
    maker = _EventMaker(_World(first_day, last_day, tenants, spans), rng)
    flow = sampling.Flow(first_day, spans, defects, len(BROKEN_KINDS), rng)
    quotas = sampling.quotas(size, maker.window_weights)
    tally = sampling.Tally(BROKEN_KINDS)
    written: list[Path] = []
    suffix = sampling.SUFFIX[compression]
    for number, rows in enumerate(flow.files(quotas, maker.make, maker.renumbered), start=1):
        path = folder / SOURCE / f"events_{number:04d}.ndjson{suffix}"
        sampling.write_lines(path, _lines(rows, first_day, tenants), compression)
        tally.add(rows)
        written.append(path)
    return tally.summary({SOURCE: tuple(written)})


@dataclass(frozen=True)
class _World:
    """What does not change while a sample is made."""

    first_day: date
    last_day: date
    tenants: tuple[str, ...]
    spans: list[tuple[date, date]]

    @property
    def seconds(self) -> int:
        """Length of the whole sample."""
        return ((self.last_day - self.first_day).days + 1) * 86_400

    def day_type_weights(self, span: tuple[date, date]) -> np.ndarray:
        """Expected complaints per day and type of a window, up to a factor; shape (days, types)."""
        days = [span[0] + timedelta(days=i) for i in range((span[1] - span[0]).days + 1)]
        weekday = _WEEKDAY[[day.weekday() for day in days]]
        month = np.array([day.month - 1 for day in days])
        growth = 1.0 + 0.25 * np.array([(day - self.first_day).days for day in days]) / 365.0
        return (weekday * growth)[:, None] * _TYPE_SHARE * _TYPE_SEASON[:, month].T


class _EventMaker:
    """Makes events, a window's complaints at a time."""

    def __init__(self, world: _World, rng: np.random.Generator) -> None:
        self._world, self._rng = world, rng
        self._weights = [world.day_type_weights(span) for span in world.spans]
        self._next_event = 1
        self._next_case: dict[tuple[int, int], int] = {}

    @property
    def window_weights(self) -> np.ndarray:
        """How busy each window is, up to a factor."""
        return np.array([weights.sum() for weights in self._weights])

    def make(self, number: int, count: int) -> pl.DataFrame:
        """About ``count`` events of complaints submitted in window ``number``, a complaint's together."""
        return self.renumbered(self._cases(number, self._weights[number], count=count // 3 + 32))

    def renumbered(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with event numbers never used before."""
        first = self._next_event
        self._next_event += rows.height
        return rows.with_columns(event_no=pl.int_range(first, first + rows.height, dtype=pl.Int64))

    def _cases(self, number: int, weights: np.ndarray, count: int) -> pl.DataFrame:
        """Events of ``count`` complaints submitted in a window: one row per event, a complaint's together."""
        rng, world = self._rng, self._world
        cell = rng.choice(weights.size, count, p=weights.ravel() / weights.sum())
        day, kind = np.divmod(cell, weights.shape[1])
        day += (world.spans[number][0] - world.first_day).days
        created = day * 86_400 + rng.choice(24, count, p=_HOUR / _HOUR.sum()) * 3600 + rng.integers(0, 3600, count)
        tenant = rng.choice(len(world.tenants), count, p=_skew(len(world.tenants)))
        ward = rng.choice(WARDS, count, p=_WARD_SHARE / _WARD_SHARE.sum())
        priority = rng.choice(len(PRIORITIES), count, p=_PRIORITY_MIX)
        sla = np.round(_TYPE_SLA[kind] * _PRIORITY_SLA[priority]).astype(np.int32)
        hours = _timeline(sla * (0.42 + 0.05 * tenant) * _WARD_PACE[ward], rng)
        seconds = created[:, None] + np.round(hours * 3600)
        channel = sampling.moving_mix(created / world.seconds, _CHANNEL_MIX_FIRST, _CHANNEL_MIX_LAST, rng)
        happened = seconds < world.seconds  # NaN (never happens) compares false
        case, step = np.nonzero(happened)
        event_type = np.where(step % 4 == 0, np.where(step == 0, _CREATED, _REOPENED), step % 4)
        return pl.DataFrame(
            {
                "seconds": seconds[case, step].astype(np.int64),
                "tenant": tenant[case].astype(np.int32),
                "case_no": self._case_numbers(tenant, created)[case],
                "year": self._years(created)[case],
                "event_type": event_type.astype(np.int32),
                "complaint_type": kind[case].astype(np.int32),
                "priority": priority[case].astype(np.int32),
                "sla_hours": sla[case],
                "channel": channel[case].astype(np.int32),
                "ward": np.where(rng.random(count) < _NO_WARD_SHARE, -1, ward)[case].astype(np.int32),
                "locality": rng.integers(1, _LOCALITIES_PER_WARD + 1, count)[case].astype(np.int32),
                "actor": rng.integers(1, 400, len(case)).astype(np.int32),
            }
        )

    def _years(self, created: np.ndarray) -> np.ndarray:
        start = np.datetime64(self._world.first_day, "s")
        return (start + created.astype("timedelta64[s]")).astype("datetime64[Y]").astype(np.int32) + 1970

    def _case_numbers(self, tenant: np.ndarray, created: np.ndarray) -> np.ndarray:
        """Running numbers per tenant and year: the same complaint id occurs in several tenants."""
        years = self._years(created)
        numbers = np.zeros(len(tenant), dtype=np.int64)
        for key in sorted(set(zip(tenant.tolist(), years.tolist(), strict=True))):
            mine = np.flatnonzero((tenant == key[0]) & (years == key[1]))
            first = self._next_case.get(key, 1)
            numbers[mine[np.argsort(created[mine], kind="stable")]] = np.arange(first, first + len(mine))
            self._next_case[key] = first + len(mine)
        return numbers


def _skew(count: int) -> np.ndarray:
    """Shares of ``count`` tenants, the first the largest."""
    share = 1.0 / np.arange(1, count + 1) ** 0.4
    return share / share.sum()


def _timeline(pace_hours: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Hours after submission of each step; NaN where it never happens.

    Columns: created, assigned, resolved, closed, then reopened, assigned, resolved, closed for each reopening.
    A step never comes before the one it follows; a complaint that was never assigned is never resolved.
    """
    count = len(pace_hours)
    opening = np.zeros(count)
    columns: list[np.ndarray] = []
    for reopen_share in (*_REOPEN_SHARE, 0.0):
        work = np.minimum(pace_hours * rng.lognormal(0.0, 0.75, count), 24 * 75) + 0.2
        assigned = np.where(rng.random(count) < 0.975, opening + work * rng.uniform(0.03, 0.35, count), np.nan)
        resolved = np.where(rng.random(count) < 0.965, assigned + work * rng.uniform(0.65, 1.0, count), np.nan)
        closed = np.where(rng.random(count) < 0.88, resolved + work * rng.uniform(0.02, 0.15, count), np.nan)
        columns += [opening, assigned, resolved, closed]
        reopened = np.fmax(resolved, closed) + rng.uniform(4, 240, count)
        opening = np.where(rng.random(count) < reopen_share, reopened, np.nan)
    return np.column_stack(columns)


def _lines(rows: pl.DataFrame, first_day: date, tenants: tuple[str, ...]) -> pl.Series:
    """The JSON line of each row, spoiled where its kind says so."""
    kind = {name: pl.col("kind") == sampling.FIRST_BROKEN_KIND + i for i, name in enumerate(BROKEN_KINDS)}
    corrected = pl.col("kind") == sampling.CORRECTED_COPY
    prefix = pl.when(pl.col("event_type").is_in([_CREATED, _REOPENED])).then(pl.lit("CIT")).otherwise(pl.lit("EMP"))
    actor = pl.col("actor") + corrected.cast(pl.Int32)
    ward = pl.format("WARD_{}", sampling.digits(pl.col("ward") + 1, 2))
    locality = pl.when(corrected).then(pl.col("locality") % _LOCALITIES_PER_WARD + 1).otherwise("locality")
    has_ward = pl.col("ward") >= 0
    record = pl.struct(
        event_id=pl.format("EV{}", sampling.digits(pl.col("event_no"), 10)),
        event_time=pl.when(kind["bad_date"])
        .then(pl.lit("2025-13-41T25:61:00Z"))
        .otherwise(_iso_times(len(tenants) - 1)),
        tenant_id=pl.when(~kind["missing_tenant"]).then(sampling.label("tenant", tenants)),
        service=pl.lit("PGR"),
        entity_type=pl.lit("complaint"),
        entity_id=pl.when(~kind["missing_entity"]).then(
            pl.format("PGR-{}-{}", pl.col("year"), sampling.digits(pl.col("case_no"), 6))
        ),
        event_type=pl.when(kind["unknown_event_type"])
        .then(pl.lit("ESCALTED"))
        .otherwise(sampling.label("event_type", EVENT_TYPES)),
        status=sampling.label("event_type", _STATUS_AFTER),
        actor_type=sampling.label("event_type", _ACTOR),
        actor_id=pl.format("{}-{}", prefix, sampling.digits(actor, 4)),
        channel=sampling.label("channel", CHANNELS),
        ward_id=pl.when(has_ward).then(ward),
        locality_id=pl.when(has_ward).then(
            pl.format("LOC_{}{}", sampling.digits(pl.col("ward") + 1, 2), sampling.digits(locality, 2))
        ),
        attributes=pl.struct(
            complaint_type=sampling.label("complaint_type", COMPLAINT_TYPES),
            priority=sampling.label("priority", PRIORITIES),
            sla_hours=pl.col("sla_hours"),
        ),
    ).struct.json_encode()
    cut = pl.when(kind["malformed_json"]).then(record.str.slice(0, 120)).otherwise(record)
    start = pl.lit(first_day).cast(pl.Datetime("ms"))
    return rows.with_columns(at=start + pl.duration(seconds="seconds")).select(line=cut).to_series()


def _iso_times(last_tenant: int) -> pl.Expr:
    """Event times as text: the last tenant's system writes UTC, the others local time with its offset."""
    pattern = "%Y-%m-%dT%H:%M:%S"
    local = pl.format("{}+05:30", (pl.col("at") + _OFFSET).dt.strftime(pattern))
    utc = pl.format("{}Z", pl.col("at").dt.strftime(pattern))
    return pl.when(pl.col("tenant") == last_tenant).then(utc).otherwise(local)
