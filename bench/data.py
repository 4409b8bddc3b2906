"""The inputs of the benchmarks: files of events, and lakehouses with a history.

Belongs here: making them, deterministically, once per run. Does not belong here: timing.
"""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings

EVENT = """
    select
        'EV' || lpad(i::varchar, 10, '0') as event_id,
        strftime(
            timestamp '2026-01-01' + to_seconds((i * 7919) % (86400 * {days})), '%Y-%m-%dT%H:%M:%SZ'
        ) as event_time,
        ['pb.amritsar', 'pb.jalandhar', 'pb.ludhiana'][1 + i % 3] as tenant_id,
        'PGR' as service,
        'complaint' as entity_type,
        'PGR-2026-' || lpad((i // 4)::varchar, 9, '0') as entity_id,
        ['CREATED', 'ASSIGNED', 'RESOLVED', 'CLOSED'][1 + i % 4] as event_type,
        ['OPEN', 'ASSIGNED', 'RESOLVED', 'CLOSED'][1 + i % 4] as status,
        'CITIZEN' as actor_type,
        'U' || (i % 5000) as actor_id,
        ['WEB', 'MOBILE_APP', 'WHATSAPP', 'CALL_CENTER', 'WALK_IN'][1 + i % 5] as channel,
        'WARD_' || lpad((i % 40)::varchar, 2, '0') as ward_id,
        'LOC_' || (i % 400) as locality_id,
        {attributes}
    from range({rows}) as numbers(i)
"""
_STRUCT = (
    "{'complaint_type': ['STREETLIGHT', 'GARBAGE', 'DRAINAGE', 'ROAD'][1 + i % 4], "
    "'priority': ['LOW', 'MEDIUM', 'HIGH'][1 + i % 3], 'sla_hours': 24 * (1 + i % 4)}"
)


def event_files(folder: Path, rows: int, *, days: int = 30) -> dict[str, Path]:
    """Write the same events as NDJSON and as CSV; returns the paths by format."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {"ndjson": folder / f"events_{rows}.ndjson", "csv": folder / f"events_{rows}.csv"}
    structs = EVENT.format(days=days, rows=rows, attributes=f"{_STRUCT} as attributes")
    texts = EVENT.format(days=days, rows=rows, attributes=f"to_json({_STRUCT})::varchar as attributes_json")
    if not paths["ndjson"].exists():
        duckdb.execute(f"copy ({structs}) to '{paths['ndjson']}' (format json)")
    if not paths["csv"].exists():
        duckdb.execute(f"copy ({texts}) to '{paths['csv']}' (format csv, header)")
    return paths


def fresh_lake(home: Path) -> Lake:
    """An empty lakehouse."""
    shutil.rmtree(home, ignore_errors=True)
    return Lake(Settings(profile="local", home=home, landing="", dagster_home=None))


def history(home: Path, *, days: int, events_a_day: int, last_day: date = date(2026, 6, 30)) -> Lake:
    """A lakehouse whose PGR tables hold `days` days of complaints, built in one publication."""
    from bench.work import build_all
    from lakehouse_assets.domains.pgr import sample
    from lakehouse_assets.ingest.loads.loader import load

    lake = fresh_lake(home)
    first = last_day - timedelta(days=days - 1)
    written = sample.write_sample(
        home / "sample", size=days * events_a_day, first_day=first, last_day=last_day, files=1
    )
    load(lake, [str(p) for p in written.files["pgr_events"]], "pgr_events")
    build_all(lake, "pgr")
    return lake
