"""Records that could not be loaded: listing them, showing them, and loading them after a fix.

Belongs here: reading bronze.quarantine, and replays.
Does not belong here: how records get into quarantine (loader).
"""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pyiceberg.expressions import In

from lakehouse_assets.ingest.contracts import QUARANTINE, RESOLUTIONS
from lakehouse_assets.ingest.loads.loader import LOAD_ID
from lakehouse_assets.ingest.loads.notes import Note, Stamp, loads_table, stage_notes, stamps
from lakehouse_assets.ingest.loads.staging import (
    Written,
    check_mapping,
    engine_for,
    explained,
    of_load,
    target_contract,
    write_rows,
    writing,
)
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.ingest.origins.registry import kind_of
from lakehouse_assets.ingest.origins.relations import BATCHES, HeldRecords, csv_columns
from lakehouse_assets.ingest.readers.batches import unescape
from lakehouse_assets.ingest.sources import Source, find_any_source
from lakehouse_assets.lakehouse.iceberg.manifests import find
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.publish.protocol import Publication
from lakehouse_assets.lakehouse.sql import literal

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
    from lakehouse_assets.lakehouse.lake import Lake


PAGE = 10_000
PAGE_TEXT = 64 << 20
"""Records that are replayed together at most, and characters of their texts."""


class UnknownRecordError(LookupError):
    """There is no quarantined record of this id."""


@dataclass(frozen=True)
class Still:
    """A record that stays in quarantine, and why."""

    quarantine_id: str
    reason: str


@dataclass(frozen=True)
class ReplayResult:
    """What a replay did: how many records it tried, loaded, and had to leave."""

    load_ids: tuple[str, ...]
    tried: int
    loaded: int
    still_bad: tuple[Still, ...]


@dataclass(frozen=True)
class _Group:
    """Quarantined records that are read the same way."""

    kind: Kind
    source: str
    header: str | None
    tenant: str | None
    records: list[dict[str, Any]]


def list_quarantined(
    lake: Lake,
    *,
    source: str | None = None,
    load_id: str | None = None,
    ids: Sequence[str] | None = None,
    resolved: bool = False,
    limit: int | None = 1000,
) -> list[dict[str, Any]]:
    """Quarantined records as rows of bronze.quarantine, newest first, without those that were settled.

    Args:
        lake: The lake.
        source: Only records of this source.
        load_id: Only records of this load.
        ids: Only these records.
        resolved: Also those that were settled since; they have `resolved_at`, the others None.
        limit: At most so many; None for all.
    """
    with lake.session() as session:
        records = _chosen(session, source, load_id, ids, resolved=resolved)
        if records is None:
            return []
        return session.query(
            f"select q.*, r.resolved_at from {records} order by q.loaded_at desc, q.source_file, q.source_row",
            limit=limit,
        ).to_pylist()


def count_quarantined(
    lake: Lake, *, source: str | None = None, load_id: str | None = None, limit: int = 1000
) -> tuple[int, list[dict[str, Any]]]:
    """How many records still wait, and how many of them by what is wrong with them, the most frequent first.

    Args:
        lake: The lake.
        source: Only records of this source.
        load_id: Only records of this load.
        limit: At most so many groups.

    Returns:
        All records, and rows of source, column_name, reason, records, and quarantine_id: one of them as an example.
    """
    with lake.session() as session:
        chosen = _chosen(session, source, load_id)
        if chosen is None:
            return 0, []
        # A quarantine from before there were causes has none until its next publication.
        columns = lake.catalog.load_table(QUARANTINE.identifier).schema().column_names
        cause = "coalesce(q.cause, q.reason)" if "cause" in columns else "q.reason"
        groups = session.query(
            f"select q.source, q.column_name, {cause} as reason, count(*) as records, "
            "min(q.quarantine_id) as quarantine_id, cast(sum(count(*)) over () as bigint) as waiting "
            f"from {chosen} group by 1, 2, 3 order by 4 desc, 1, 2, 3",
            limit=limit,
        )
    waiting = groups.column("waiting")[0].as_py() if groups.num_rows else 0
    return waiting, groups.drop_columns("waiting").to_pylist()


def quarantined_sources(lake: Lake) -> list[str]:
    """The sources that any record in quarantine is of, also those that no domain states any more."""
    with lake.session() as session:
        if not _published(session, QUARANTINE.identifier):
            return []
        found = session.query(f"select distinct source from {QUARANTINE.identifier} order by 1")
        return found["source"].to_pylist()


def _chosen(
    session: DuckDBSession,
    source: str | None,
    load_id: str | None,
    ids: Sequence[str] | None = None,
    *,
    resolved: bool = False,
    after: str = "",
    until: str | None = None,
) -> str | None:
    """SQL of quarantined records `q` and their resolutions `r`, to stand after FROM; None where there never was one.

    Of those with an id after one, and until one.
    """
    if not _published(session, QUARANTINE.identifier):
        return None
    wanted = {"source": source, "load_id": load_id}
    conditions = [f"q.{k} = {literal(v)}" for k, v in wanted.items() if v is not None]
    if ids is not None:
        conditions.append(f"q.quarantine_id in ({', '.join(map(literal, ids)) or 'null'})")
    if not resolved:
        conditions.append("r.quarantine_id is null")
    if after:
        conditions.append(f"q.quarantine_id > {literal(after)}")
    if until is not None:
        conditions.append(f"q.quarantine_id <= {literal(until)}")
    settled = (
        RESOLUTIONS.identifier
        if _published(session, RESOLUTIONS.identifier)
        else "(select cast(null as varchar) as quarantine_id, cast(null as timestamp) as resolved_at where false)"
    )
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f"{QUARANTINE.identifier} as q left join {settled} as r on r.quarantine_id = q.quarantine_id{where}"


def _published(session: DuckDBSession, identifier: str) -> bool:
    location = session.heads.get(identifier)
    return bool(location and current_snapshot(location))


def show(lake: Lake, quarantine_id: str) -> dict[str, Any]:
    """One quarantined record, settled or not.

    Raises:
        UnknownRecordError: there is none of this id.
    """
    found = list_quarantined(lake, ids=[quarantine_id], resolved=True)
    if not found:
        raise UnknownRecordError(f"there is no quarantined record '{quarantine_id}'; list them to see the ids.")
    return found[0]


def replay(
    lake: Lake,
    ids: Sequence[str] | None = None,
    *,
    source_name: str | None = None,
    load_id: str | None = None,
    source: Source | None = None,
    run_id: str | None = None,
) -> ReplayResult:
    """Read quarantined records again with today's mapping; load the good ones, leave the others.

    Records are replayed by the ten thousand, so that any number fits into memory. The rows of the good ones and the
    note that they are settled become visible at once. A record keeps its file and number. What was settled before is
    not tried again.

    Args:
        lake: The lake.
        ids: Only these records.
        source_name: Only records of this source.
        load_id: Only records of this load.
        source: A mended source to read them with, instead of the one of their source's name.
        run_id: Identifier of the run, for the snapshots.

    Raises:
        SourceError: a source is gone or does not fit its table.
        ValueError: nothing says which records to replay.
    """
    if ids is None and source_name is None and load_id is None:
        raise ValueError("say which records to replay: ids, a source or a load")
    run = run_id or f"replay-{uuid.uuid4().hex[:12]}"
    load_ids: list[str] = []
    still: list[Still] = []
    tried = 0
    for records in _pages(lake, source_name, load_id, ids):
        tried += len(records)
        for group in _groups(records):
            known = group.kind.as_read(source or find_any_source(group.source))
            done, left = _replay_group(lake, group, known, run)
            load_ids += [done] if done else []
            still += left
    return ReplayResult(tuple(load_ids), tried, tried - len(still), tuple(still))


def _pages(
    lake: Lake, source: str | None, load_id: str | None, ids: Sequence[str] | None
) -> Iterator[list[dict[str, Any]]]:
    """Records that still wait, each once, so many at a time as fit into memory with their texts."""
    last = ""
    while page := _page(lake, source, load_id, ids, last):
        last = page[-1]["quarantine_id"]
        yield page


def _page(
    lake: Lake, source: str | None, load_id: str | None, ids: Sequence[str] | None, after: str
) -> list[dict[str, Any]]:
    """The next records by their ids; none at the end."""
    with lake.session() as session:
        records = _chosen(session, source, load_id, ids, after=after)
        if records is None:
            return []
        found = session.query(
            f"select q.quarantine_id as id, length(q.raw_text) as size from {records} order by q.quarantine_id",
            limit=PAGE,
        ).to_pylist()
        if not found:
            return []
        fitting = sum(total <= PAGE_TEXT for total in accumulate(row["size"] for row in found))
        page = _chosen(session, source, load_id, ids, after=after, until=found[max(0, fitting - 1)]["id"])
        return session.query(f"select q.* from {page} order by q.quarantine_id", limit=PAGE).to_pylist()


def _groups(records: Sequence[dict[str, Any]]) -> list[_Group]:
    groups: dict[tuple[Kind, str, str | None, str | None], list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        kind = kind_of(record["source_file"])
        groups[kind, record["source"], record["header"], record["tenant_id"]].append(record)
    return [_Group(*key, records=group) for key, group in groups.items()]


def _replay_group(lake: Lake, group: _Group, source: Source, run_id: str) -> tuple[str | None, list[Still]]:
    """Replay records that are read the same way, as one publication; gives its load id if anything was loaded."""
    mapping = RecordMapping(
        source, target_contract(source), zone=lake.settings.time_zone, tenant=group.tenant, bound=group.kind.is_bound
    )
    readable, still = _readable(group, source)
    if not readable:
        return None, still
    with engine_for(lake.settings, source) as con:
        check_mapping(con, mapping)
        (stamp,) = stamps(loads_table(lake), 1)
        with (
            writing(f"replay of source '{source.name}'"),
            begin(lake, run_id=run_id, properties={LOAD_ID: stamp.load_id}) as publication,
        ):
            records = _records(mapping, group, readable)
            written = write_rows(publication, con, mapping, of_load(records.relation(con), stamp))
            still += _still_bad(con, mapping, written)
            bad = {s.quarantine_id for s in still}
            good = [r["quarantine_id"] for r in readable if r["quarantine_id"] not in bad]
            if not good:
                return None, still
            _publish(publication, con, mapping, written, stamp, good)
    return stamp.load_id, still


def _readable(group: _Group, source: Source) -> tuple[list[dict[str, Any]], list[Still]]:
    """The records with their text, and those whose text is not whole or not in the source's encoding."""
    good, still = [], []
    for record in group.records:
        try:
            if record["form"] == "cut":
                raise ValueError("only its beginning was kept; load a mended file instead")
            text = record["raw_text"]
            if record["form"] == "escaped":
                text = unescape(text, source.encoding)
                if "\0" in text:
                    raise ValueError("it holds NUL bytes; load a mended file instead")
            good.append({**record, "raw_text": text, "fields": _csv_fields(group, source, text)})
        except ValueError as error:
            still.append(Still(record["quarantine_id"], str(error)))
    return good, still


def _csv_fields(group: _Group, source: Source, text: str) -> list[str] | None:
    if source.format != "csv":
        return None
    names = source.csv_layout.fields(group.header)
    fields = source.csv_layout.dialect.split(text)
    if len(fields) != len(names):
        raise ValueError(
            f"the record has {len(fields)} fields where the {'header' if group.header else 'source'} has {len(names)}"
        )
    return fields


def _records(mapping: RecordMapping, group: _Group, readable: Sequence[dict[str, Any]]) -> HeldRecords:
    columns = {
        "source_row": pa.array([r["source_row"] for r in readable], pa.int64()),
        "line": pa.array([r["line"] for r in readable], pa.int64()),
        "occurrence": pa.array([r["occurrence"] for r in readable], pa.int64()),
    } | {
        name: pa.array([r[key] for r in readable], pa.string())
        for name, key in (("raw_text", "raw_text"), ("source_file", "source_file"), ("ref", "quarantine_id"))
    }
    if mapping.source.format != "csv":
        payload, struct = "raw_text", mapping.json_struct("raw_text")
    else:
        names = mapping.source.csv_layout.fields(group.header)
        for i in range(len(names)):
            columns[f"f{i}"] = pa.array([r["fields"][i] for r in readable], pa.string())
        payload, struct = csv_columns(names, mapping)
    relation = (
        "(select source_row, line, raw_text, null::varchar as problem, null::varchar as form, source_file, "
        f"occurrence, ref, {payload} as payload, {struct} as s from {BATCHES})"
    )
    return HeldRecords(pa.table(columns), relation)


def _still_bad(con: duckdb.DuckDBPyConnection, mapping: RecordMapping, written: Written) -> list[Still]:
    """The records that were rejected again; removes the files that carried them."""
    if not written.rejects:
        return []
    rows = con.execute(f"select ref, reason from ({explained(mapping, written)})").fetchall()
    for file in written.rejects:
        file.unlink()
    return [Still(ref, reason) for ref, reason in rows]


def _publish(
    publication: Publication,
    con: duckdb.DuckDBPyConnection,
    mapping: RecordMapping,
    written: Written,
    stamp: Stamp,
    good: Sequence[str],
) -> None:
    publication.adopt(mapping.contract, written.files, Append(), rows=written.rows)
    con.register("settled", pa.table({"quarantine_id": list(good)}))
    publication.stage(
        RESOLUTIONS,
        f"select quarantine_id, {stamp.sql} as resolved_at, {literal(stamp.load_id)} as load_id, 'loaded' as outcome "
        "from settled",
        con,
        Append(),
    )
    settled = hashlib.sha256("\n".join(sorted(good)).encode()).hexdigest()
    note = Note(
        stamp, mapping.source, f"replay of {len(good)} quarantined records", settled, 0, None, len(good), len(good), 0,
        tuple(sorted(written.days)),
    )  # fmt: skip
    stage_notes(publication, con, [note])
    publication.audit(con)
    publication.publish(lambda tables: _refuse_settled(tables, good))


def _refuse_settled(tables: Mapping[str, Table], good: Sequence[str]) -> None:
    """Stop where another replay settled one of the records in the meantime."""
    table = tables.get(RESOLUTIONS.identifier)
    if table is None:
        return
    settled = In("quarantine_id", list(good))  # pyright: ignore[reportCallIssue]
    found = find(table, settled, ("quarantine_id",))
    if found.num_rows:
        raise AlreadySettledError(f"{found.num_rows} of the records were settled by another replay; list them again.")


class AlreadySettledError(Exception):
    """Another replay was faster; nothing was loaded by this one."""
