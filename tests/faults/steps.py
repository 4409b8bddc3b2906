"""What the child processes do: the work that is killed, the work that is starved of disk, and the readers.

Belongs here: whole steps of the platform, called as its own jobs call them. Does not belong here: killing (processes)
and comparing (contents).
"""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract

DOMAIN = "pgr"
SOURCE = "pgr_events"
BRONZE = "bronze.service_events_raw"
CALLS = "telemetry_api_calls"
CALLS_MADE = ("stg_api_calls", "mart_api_calls_hourly", "mart_api_calls_daily")
EVENTS, FUNNEL = "silver.silver_pgr_events", "gold.gold_pgr_funnel_daily"


def lake_of(home: str | Path | Settings, **changes: Any) -> Lake:
    """The lake in a folder, or of settings."""
    if isinstance(home, Settings):
        return Lake(home.model_copy(update=changes))
    return Lake(Settings(profile="local", home=Path(home), landing="", dagster_home=None, **changes))


def ingest(home: str, files: Sequence[str]) -> list[tuple[str, bool]]:
    """Load files; per file whether it had been loaded before."""
    from lakehouse_assets.ingest.loads.loader import load

    return [(r.file, r.already_loaded) for r in load(lake_of(home), files, SOURCE)]


def push(home: str, files: Sequence[str]) -> list[tuple[str, bool]]:
    """Load the records of files as a program does that has no files; per origin whether it had been loaded before."""
    from lakehouse_assets.ingest import load_records

    lake = lake_of(home)
    results = [load_records(lake, Path(f).read_text().splitlines(), SOURCE, key=Path(f).name) for f in files]
    return [(r.file, r.already_loaded) for r in results]


def take_back(home: str, origin: str) -> int:
    """Unload the load of an origin, if it is there; returns how many rows that took out."""
    from lakehouse_assets.ingest.loads.unloading import unload

    lake = lake_of(home)
    with lake.session() as session:
        loads = session.query("select load_id from bronze.loads where source_file = ?", [origin]).to_pylist()
    return sum(unload(lake, load["load_id"]).rows for load in loads)


def build(home: str) -> int:
    """Build the domain's silver and gold tables for every day that is behind, as one publication; returns how many."""
    from lakehouse_assets.assets.transform import rebuild
    from lakehouse_assets.builds import dbt_graph
    from lakehouse_assets.builds.days import dirty_days

    lake = lake_of(home)
    graph = dbt_graph.load(lake.settings)
    contracts = own_contracts()
    tables = graph.in_order(i for i, c in contracts.items() if c.made_by == "dbt")
    if days := dirty_days(lake, graph, tables):
        result = rebuild(lake, graph, contracts, tables, days, run_id="materialize")
        if result.failures:
            raise RuntimeError("; ".join(result.failures))
    return len(days)


def load_calls(home: str, files: Sequence[str]) -> None:
    """Load files of calls of the API, which lie in bronze by hour."""
    from lakehouse_assets.ingest.loads.loader import load

    load(lake_of(home), files, CALLS)


def follow_hours(home: str) -> list[int]:
    """Build the hours that are behind the calls, then the days of these, as two publications; how many of each."""
    from lakehouse_assets.assets.transform import rebuild
    from lakehouse_assets.builds import dbt_graph
    from lakehouse_assets.builds.days import dirty_days
    from lakehouse_assets.builds.groups import groups
    from lakehouse_assets.domains import all_contracts

    lake, built = lake_of(home), []
    graph, contracts = dbt_graph.load(lake.settings), {c.identifier: c for c in all_contracts()}
    for group in groups(graph, contracts, [f"silver.{CALLS_MADE[0]}", *(f"gold.{name}" for name in CALLS_MADE[1:])]):
        if behind := dirty_days(lake, graph, group.tables, group.unit):
            result = rebuild(lake, graph, contracts, group.tables, behind, run_id="follow")
            if result.failures:
                raise RuntimeError("; ".join(result.failures))
        built.append(len(behind))
    return built


def read_hours_until(home: str, stop: Any) -> tuple[int, list[str]]:
    """Look at the calls and their hours in a loop; returns the number of looks and what did not go together."""
    lake = lake_of(home)
    views, wrong, (silver, gold) = 0, list[str](), (f"silver.{CALLS_MADE[0]}", f"gold.{CALLS_MADE[1]}")
    while not stop.wait(0.2):
        heads, views = lake.catalog.heads(), views + 1
        if silver not in heads or publication_of(heads[silver]) is None:
            continue
        if publication_of(heads[silver]) != publication_of(heads[gold]):
            wrong.append("an hour is in one table and not in the other")
        with lake.session(heads=heads) as session:
            (seen,) = session.query(
                f"select count(*) as calls, count(distinct (tenant_id, call_id)) as each, "
                f"(select sum(call_count)::bigint from {gold}) as counted from {silver}"
            ).to_pylist()
        if len(set(seen.values())) > 1:
            wrong.append(f"calls are lost or doubled: {seen}")
    return views, wrong


def refresh(home: str) -> None:
    """Make the domain's semantic tables anew, as one publication."""
    from lakehouse_assets.assets import semantic

    contracts = own_contracts()
    tables = [i for i, c in contracts.items() if c.made_by == "saved_query"]
    semantic.refresh(lake_of(home), contracts, tables, run_id="materialize")


def own_contracts() -> dict[str, Contract]:
    """The contracts of the domain."""
    from lakehouse_assets.domains import all_contracts

    return {c.identifier: c for c in all_contracts() if c.domain == DOMAIN}


def materialize(home: str) -> int:
    """Both publications of the domain, one after the other; returns how many days were behind."""
    days = build(home)
    refresh(home)
    return days


def rebuild_or_explain(settings: Settings, days: Sequence[date]) -> str:
    """Build the domain for some days, then its semantic tables; what the command would say of a failure, if any.

    Raises:
        Exception: what the command has no sentence for.
    """
    from lakehouse_assets.assets import semantic
    from lakehouse_assets.assets.transform import rebuild
    from lakehouse_assets.builds import dbt_graph
    from lakehouse_assets.commands.failures import explain
    from lakehouse_assets.lakehouse.dbt import manifest

    lake, contracts = lake_of(settings), own_contracts()
    try:
        manifest.load(settings)
        graph = dbt_graph.load(settings)
        tables = graph.in_order(i for i, c in contracts.items() if c.made_by == "dbt")
        result = rebuild(lake, graph, contracts, tables, days, run_id="materialize")
        served = [i for i, c in contracts.items() if c.made_by == "saved_query"]
        failures = result.failures or semantic.refresh(lake, contracts, served, run_id="materialize").failures
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        return str(known)
    if failures:
        raise RuntimeError("; ".join(failures))
    return ""


def materialize_until(home: str, stop: Any) -> int:
    """Materialize again and again, once bronze is there; returns how often."""
    times = 0
    while not stop.is_set():
        if BRONZE in published(home):
            materialize(home)
            times += 1
        time.sleep(0.01)
    return times


def maintain_until(home: str, stop: Any) -> int:
    """Maintenance again and again, as it is scheduled; returns how often."""
    times = 0
    while not stop.wait(0.5):
        maintain(home, 3600.0)
        times += 1
    return times


def published(home: str) -> set[str]:
    """The tables that hold a publication."""
    from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot

    return {i for i, location in lake_of(home).catalog.heads().items() if current_snapshot(location)}


def sweep(home: str) -> list[str]:
    """Remove what dead publications left; returns their ids."""
    from lakehouse_assets.lakehouse.upkeep.local_gc import sweep_dead_publications

    return sweep_dead_publications(lake_of(home))


def maintain(home: str, grace_s: float) -> int:
    """Maintenance of every table; returns how many files it removed."""
    from lakehouse_assets.domains import all_contracts
    from lakehouse_assets.lakehouse.upkeep import maintenance

    lake = lake_of(home, staging_grace=timedelta(seconds=grace_s))
    contracts = {c.identifier: c for c in all_contracts()}
    return sum(m.files_removed for m in maintenance.maintain(lake, contracts, run_id="maintain"))


def read_until(home: str, stop: Any, pause_s: float = 0.05) -> tuple[int, list[str]]:
    """Look at the lake in a loop; returns the number of looks and what was half a state in them."""
    lake = lake_of(home)
    views, wrong = 0, []
    while not stop.is_set():
        heads = lake.catalog.heads()
        wrong += half_states(lake, heads)
        views += 1
        time.sleep(pause_s)
    return views, wrong


def half_states(lake: Lake, heads: Mapping[str, str]) -> list[str]:
    """What does not go together in one view of the lake: tables of one publication, and notes and rows of loads."""
    from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot

    there = {i for i, location in heads.items() if current_snapshot(location)}
    wrong = []
    for layers in (("silver", "gold"), ("semantic",)):
        ids = {i: publication_of(heads[i]) for i in there if i.split(".")[0] in layers}
        if len(set(ids.values())) > 1:
            wrong.append(f"tables of different publications: {ids}")
    with lake.session(heads=heads) as session:

        def number(expression: str, table: str) -> int:
            return session.query(f"select {expression} from {table}").column(0)[0].as_py() if table in there else 0

        pairs = (
            (number("count(*)", EVENTS), number("sum(event_count)::bigint", FUNNEL)),
            (number("count(*)", BRONZE), number("sum(rows_loaded)::bigint", "bronze.loads")),
            (number("count(*)", "bronze.quarantine"), number("sum(rows_quarantined)::bigint", "bronze.loads")),
        )
    return wrong + [f"{a} rows where {b} were expected" for a, b in pairs if a != b]


def publication_of(location: str) -> str | None:
    """The publication that made the current snapshot of a table."""
    from pyiceberg.io.pyarrow import PyArrowFileIO
    from pyiceberg.serializers import FromInputFile

    snapshot = FromInputFile.table_metadata(PyArrowFileIO().new_input(location)).current_snapshot()
    return snapshot.summary.additional_properties.get(PUBLICATION_ID) if snapshot and snapshot.summary else None


def append_or_explain(settings: Settings) -> str:
    """Append a reading; what the command would say of a failure, if any."""
    from lakehouse_assets.commands.failures import explain
    from lakehouse_assets.lakehouse.iceberg.overwrite import Append
    from lakehouse_assets.lakehouse.publish.begin import open_publication
    from tests.lakehouse.publish.test_on_branch import rows
    from tests.lakehouse.readings import READINGS

    publication = open_publication(lake_of(settings), run_id="append")
    try:
        publication.stage_rows(READINGS, rows(9, 1, "M7"), Append())
        publication.audit()
        publication.publish()
    except Exception as error:
        publication.abandon()
        known = explain(error)
        if known is None:
            raise
        return str(known)
    return ""


def command(home: str, arguments: Sequence[str]) -> tuple[int, str]:
    """The `asklake` command in a folder; returns its exit code and everything it printed."""
    return command_with({"ASKLAKE_HOME": home}, arguments)


def command_with(environ: Mapping[str, str], arguments: Sequence[str]) -> tuple[int, str]:
    """The `asklake` command with some variables; returns its exit code and everything it printed."""
    from lakehouse_assets.cli import app

    os.environ.update(environ)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            app(list(arguments))
        except SystemExit as ended:
            return int(ended.code or 0), printed.getvalue()
    return 0, printed.getvalue()


def send_events(home: str, acknowledged: str, first: int) -> None:
    """Send order lines one request after the other, each of five, and write down what is acknowledged."""
    import json

    import numpy as np

    from lakehouse_assets.intake.entries import Entry
    from lakehouse_assets.intake.log import IntakeLog

    log = IntakeLog(Path(home) / "intake", most_backlog=1 << 30)
    with open(acknowledged, "a", buffering=1) as told:
        for number in range(first, first + 1_000_000, 5):
            orders = [f"E{n}" for n in range(number, number + 5)]
            lines = [json.dumps(_sale(order)).encode() + b"\n" for order in orders]
            entry = Entry("sales_csv", "t1", f"k{number}", b"".join(lines), np.cumsum([len(line) for line in lines]))
            log.append(entry).result(30)
            told.write(" ".join(orders) + "\n")


def commit_events(home: str, seconds: float) -> int:
    """Commit what was sent, again and again for so long; returns how many records that were."""
    from lakehouse_assets.intake.committer import Committer
    from lakehouse_assets.private import make_folder

    folder = Path(home) / "intake"
    make_folder(folder)
    committer = Committer(lake_of(home), folder)
    until, committed = time.monotonic() + seconds, 0
    while True:
        committed += sum(c.loaded + c.quarantined for c in committer.commit())
        if time.monotonic() >= until:
            return committed


def read_topic(home: str, brokers: str, topic: str, messages: int) -> int:
    """Read a topic of order lines into bronze until so many messages are in it, whoever read them.

    Returns:
        How many ranges were committed here.
    """
    from lakehouse_assets.intake.standing import ends_of
    from lakehouse_assets.intake.topics import TopicReader
    from tests.ingest.conftest import sales_source

    source = sales_source(format="json", kind="kafka", topics=[topic])
    lake = lake_of(home, kafka_brokers=brokers)
    committed = 0
    while sum(ends_of(lake, source).values()) < messages:
        reader = TopicReader(lake, source)
        with contextlib.suppress(Exception):  # whatever befalls it, all is read in the end
            while done := reader.commit(0.3):
                committed += len(done)
        reader.close()
    return committed


def follow_table(home: str, address: str) -> int:
    """Load what changed in a table of order lines, again and again, until a load finds nothing; returns the loads."""
    from pydantic import SecretStr

    from lakehouse_assets.ingest.errors import IngestError
    from lakehouse_assets.ingest.loads.fetching import fetch
    from tests.followed import following

    lake = lake_of(home, source_access={"shop": SecretStr(address)})
    loads = 0
    while True:
        try:
            found = fetch(lake, following())
        except IngestError as error:  # the other one is at it
            if "another process follows" not in str(error):
                raise
            time.sleep(0.05)
            continue
        if not found:
            return loads
        loads += len(found)


def _sale(order: str) -> dict[str, str]:
    return {
        "sale_time": "2026-02-01T10:00:00", "order_id": order, "line_id": "1", "product_id": "P1", "quantity": "1",
        "unit_price": "2.50", "tenant_id": "t1",
    }  # fmt: skip
