"""Seeded sample of product telemetry: what an application reports of its users, their use of it, its experiments.

Only the making of files belongs here, with ``world.py`` for what is true in that world. How files are read is said
by ``sources.yml``, what a valid row is by ``contracts``; neither is imported, so that the sample can disagree with
them where it is meant to.

The shape of the data: working days and office hours are busy, a few features and users make most of the use, paying
users use more, trials end after two to four weeks, one feature is released on the way, many users pause and some
never come back. A user is reported whenever the profile changes, a part in an experiment again when its goal is
reached. Some users and sessions are never reported at all.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from lakehouse_assets.domains import sampling
from lakehouse_assets.domains.feeds import Context, Feed, Fields, corrected, csv_line, json_line, write_feeds
from lakehouse_assets.domains.sampling import Compression, Defects, SampleSummary
from lakehouse_assets.domains.telemetry import world
from lakehouse_assets.domains.telemetry.world import (
    DEVICES,
    ENDPOINTS,
    EXPERIMENTS,
    FEATURES,
    FUNNELS,
    STATUSES,
    VARIANTS,
    World,
)

SIZE = 22_000
"""Hours of use of a feature by a user in the usual sample, which has 500 users."""
FIRST_DAY = sampling.LAST_DAY - timedelta(days=89)

_USERS = "tenant_id,user_id,first_seen,age,gender,region,condition,updated_at"
_USAGE = "window_start,tenant_id,user_id,feature,event_count,session_id"
_FUNNEL = "tenant_id,user_id,funnel_step,step_order,reached_at"


def write_sample(
    folder: Path,
    *,
    size: int = SIZE,
    seed: int = 2026,
    first_day: date = FIRST_DAY,
    last_day: date = sampling.LAST_DAY,
    tenants: tuple[str, ...] = sampling.TENANTS,
    files: int | None = None,
    compression: Compression = "gzip",
    defects: Defects = Defects(),  # noqa: B008 - frozen
) -> SampleSummary:
    """Write ``<folder>/<source>/<source>_0001…`` for each of the eight sources; return what they hold.

    ``size`` is the number of hours in which a user used a feature, between ``first_day`` and ``last_day`` (UTC,
    inclusive); a session and a call of the API come with every three of them, a user with every 44. Duplicates and
    broken lines come on top. The same arguments give the same bytes. Memory is bounded by one window of
    time, whatever ``size`` is.
    """
    spans = sampling.windows(first_day, last_day, size, files)
    made = World(seed, size, first_day, last_day, len(tenants), spans)
    feeds = [
        Feed("telemetry_users", "csv", made.user_records, _user_line, "user", _USERS),
        Feed("feature_usage_hourly", "csv", made.usage_records, _usage_line, "user", _USAGE),
        Feed("telemetry_sessions", "ndjson", made.session_records, _session_line, "session"),
        Feed("telemetry_experiments", "ndjson", made.experiment_records, _experiment_line, "user"),
        *(_funnel_feed(name, made) for name in FUNNELS),
        Feed("telemetry_api_calls", "ndjson", made.call_records, _call_line, "call"),
    ]
    return write_feeds(feeds, made, folder, Context(first_day, tenants), compression, defects)


def _funnel_feed(name: str, made: World) -> Feed:
    records, line = partial(made.funnel_records, name), partial(_funnel_line, name)
    return Feed(f"funnel_{name}", "csv", records, line, "user", _FUNNEL)


def _time(context: Context, seconds: str) -> pl.Expr:
    """Seconds since the first day as text, in UTC; nothing where there is no such time."""
    return context.moment(seconds).dt.strftime("%Y-%m-%d %H:%M:%S")


def _user_id() -> pl.Expr:
    return pl.format("user_{}", sampling.digits(pl.col("user") + 1, 4))


def _session_id() -> pl.Expr:
    return pl.format("session_{}", sampling.digits(pl.col("session"), 10))


def _user_line(context: Context, kinds: Fields) -> pl.Expr:
    # A correction is an age put right.
    age = pl.when(corrected()).then(pl.col("age") + 1).otherwise(pl.col("age"))
    fields = {
        "tenant_id": context.tenant,
        "user_id": _user_id(),
        "first_seen": _time(context, "first_seen"),
        "age": age.cast(pl.String),
        "gender": sampling.label("gender", world.GENDERS),
        "region": sampling.label("region", world.REGIONS),
        "condition": sampling.label("condition", world.CONDITIONS),
        "updated_at": _time(context, "seconds"),
    }
    return csv_line(fields, kinds, "user_id", "updated_at", "age")


def _usage_line(context: Context, kinds: Fields) -> pl.Expr:
    # A correction is an event that was counted late.
    events = pl.when(corrected() & (pl.col("events") < 100)).then(pl.col("events") + 1).otherwise(pl.col("events"))
    fields = {
        "window_start": _time(context, "seconds"),
        "tenant_id": context.tenant,
        "user_id": _user_id(),
        "feature": sampling.label("feature", FEATURES),
        "event_count": events.cast(pl.String),
        "session_id": _session_id(),
    }
    return csv_line(fields, kinds, "user_id", "window_start", "event_count")


def _session_line(context: Context, kinds: Fields) -> pl.Expr:
    # A correction is a device put right.
    device = pl.when(corrected()).then(pl.lit("MOBILE")).otherwise(sampling.label("device", DEVICES))
    fields = {
        "tenant_id": context.tenant,
        "session_id": _session_id(),
        "user_id": _user_id(),
        "session_start": _time(context, "seconds"),
        "session_end": _time(context, "ended"),
        "device": device,
        "app_version": pl.format("5.{}.0", "release"),
    }
    return json_line(fields, kinds, "session_id", "session_start")


def _experiment_line(context: Context, kinds: Fields) -> pl.Expr:
    fields = {
        "tenant_id": context.tenant,
        "experiment_id": pl.format("EXP-{}", 101 + pl.col("experiment")),
        "experiment_name": sampling.label("experiment", [name for name, *_ in EXPERIMENTS]),
        "goal": sampling.label("experiment", [goal for _, goal, *_ in EXPERIMENTS]),
        "variant": sampling.label("variant", VARIANTS),
        "user_id": _user_id(),
        "assigned_at": _time(context, "assigned"),
        "converted_at": pl.when(pl.col("converted") >= 0).then(_time(context, "converted")),
        "updated_at": _time(context, "seconds"),
    }
    return json_line(fields, kinds, "user_id", "assigned_at")


def _funnel_line(funnel: str, context: Context, kinds: Fields) -> pl.Expr:
    # A correction is a time put right.
    seconds = pl.when(corrected()).then(pl.col("seconds") + 1).otherwise(pl.col("seconds"))
    fields = {
        "tenant_id": context.tenant,
        "user_id": _user_id(),
        "funnel_step": sampling.label("step", FUNNELS[funnel][0]),
        "step_order": (pl.col("step") + 1).cast(pl.String),
        "reached_at": (context.moment("seconds") + pl.duration(seconds=seconds - pl.col("seconds"))).dt.strftime(
            "%Y-%m-%d %H:%M:%S"
        ),
    }
    return csv_line(fields, kinds, "user_id", "reached_at", "step_order")


def _call_line(context: Context, kinds: Fields) -> pl.Expr:
    # A correction is a duration put right.
    duration = pl.when(corrected()).then(pl.col("duration") + 1).otherwise(pl.col("duration"))
    fields = {
        "tenant_id": context.tenant,
        "call_id": pl.format("call_{}", pl.col("call")),
        "called_at": _time(context, "seconds"),
        "user_id": _user_id(),
        "endpoint": sampling.label("endpoint", ENDPOINTS),
        "status": sampling.label("status", STATUSES).cast(pl.Int32),
        "duration_ms": duration,
    }
    return json_line(fields, kinds, "call_id", "called_at")
