"""Replication slots of PostgreSQL: making one, what changed since its position, and moving it on.

Belongs here: the statements. Does not belong here: what a change means (pgoutput, changed_rows), or which position is
in bronze (loads).

Changes are looked at without being taken (`pg_logical_slot_peek_binary_changes`): the server keeps them until the slot
is moved on, which is done once bronze has them. So a reader that dies changes nothing.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import extensions
from psycopg2.extras import LogicalReplicationConnection
from sqlalchemy.engine import make_url

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.changed_rows import kind_of
from lakehouse_assets.ingest.fetching.connections import LOCKED_S, POSTGRES_CLIENT, WRITTEN_LIKE, told
from lakehouse_assets.ingest.fetching.pgoutput import lsn_of, lsn_text
from lakehouse_assets.ingest.origins.followed import Identity
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.settings.types import sqlalchemy_postgres_url

LEAST_VERSION = 140000
"""Servers before are not supported by anybody any more."""
NARROW_VERSION, GENERATED_VERSION = 150000, 180000
"""From which on the catalog says which columns are published, and from which on generated ones may be."""
_SETTINGS = {
    **WRITTEN_LIKE, "client_encoding": "UTF8", "statement_timeout": "0", "lock_timeout": f"{LOCKED_S}s",
    "tcp_keepalives_idle": "60", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "6",
}  # fmt: skip
"""What values are written like, and that a server lets go of a slot whose reader is gone."""
_LOOKS, _LOOK_S = 30, 0.1
"""How often, and after how many seconds, it is looked whether the log is on the disk: the server sees to it soon."""
_HEADER = 19
"""Bytes before the first row of a binary COPY."""
_ROW, _LENGTH = 2 + 4 + 8, struct.Struct(">i")
_TABLE = """
select c.oid::bigint, n.nspname, c.relname, c.relkind::text, c.relreplident::text,
  array(select unnest(i.indkey)::int from pg_index i where i.indrelid = c.oid and
    case c.relreplident when 'i' then i.indisreplident else i.indisprimary end) as key,
  array(select t.relid::regclass::text from pg_partition_tree(c.oid) t join pg_class p on p.oid = t.relid
    where p.relreplident <> c.relreplident) as others
from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass(%s)
"""
_COLUMNS = """
select attnum, attname, atttypid::bigint, atttypmod, format_type(atttypid, atttypmod), attnotnull,
  attgenerated <> '' as is_generated, attstorage in ('x', 'e') as is_large,
  (with recursive t as (
    select oid, typtype, typbasetype from pg_type where oid = atttypid union all
    select p.oid, p.typtype, p.typbasetype from t join pg_type p on p.oid = t.typbasetype where t.typtype = 'd'
  ) select oid::bigint from t where typtype <> 'd') as base
from pg_attribute where attrelid = %s and attnum > 0 and not attisdropped order by attnum
"""
_PUBLICATION = """
select p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, to_jsonb(t),
  concat_ws(' ', p.oid, p.xmin, array(select r.oid from pg_publication_rel r where r.prpubid = p.oid
    and r.prrelid = any(%s::oid[]) order by 1)) as entry
from pg_publication p
left join pg_publication_tables t on t.pubname = p.pubname and t.schemaname = %s and t.tablename = %s
where p.pubname = %s
"""
_SCHEMAS = """
select array(select s.oid::bigint from pg_publication_namespace s join pg_publication p on p.oid = s.pnpubid
  where p.pubname = %s and s.pnnspid in (select relnamespace from pg_class where oid = any(%s::oid[])) order by 1)
"""
_FAMILY = "select array(select %s::bigint union select relid::oid::bigint from pg_partition_ancestors(%s))"
_IDENTITY = """
select system_identifier::text, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
from pg_control_system()
"""
_SLOT = """
select active_pid, confirmed_flush_lsn::text, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint,
  pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint, safe_wal_size,
  plugin = 'pgoutput' and database = current_database() as is_ours
from pg_replication_slots where slot_name = %s
"""
_MAY_REPLICATE = """
select rolreplication or rolsuper
  or exists (select from pg_roles r where r.rolname = 'rds_replication' and pg_has_role(r.oid, 'member'))
from pg_roles where rolname = current_user
"""
_PEEK = """
copy (select lsn, data from pg_logical_slot_peek_binary_changes(%s, %s, %s, 'proto_version', '1',
  'publication_names', %s)) to stdout (format binary)
"""


@dataclass(frozen=True)
class ColumnState:
    """A column of a table as the catalog has it.

    Attributes:
        kind: Number and modifier of its type, as Wanted.kinds.
        type: Its type, for people.
        base: Number of the type; of a domain, that of the type it is of.
        is_required: Whether it always has a value.
        is_key: Whether it is part of the replica identity.
        is_large: Whether long values lie outside the row, so that an update which leaves one alone does not send it.
        is_published: Whether the publication has it.
    """

    name: str
    kind: str
    type: str
    base: int
    is_required: bool
    is_key: bool
    is_large: bool
    is_published: bool


@dataclass(frozen=True)
class TableState:
    """A table and its place in a publication.

    Attributes:
        number: Its number in the catalog.
        is_only: Whether rows of tables that inherit from it are not its own.
        identity: Replica identity: default, full, nothing or index.
        columns: Its columns, in order.
        other_parts: Partitions with another replica identity.
        publishes: Which of insert, update, delete and truncate the publication tells of.
        is_published: Whether the table is in it.
        condition: SQL of the rows that are in it; empty for all.
        entry: What the catalog's entries are known by that publish it. They are others once the publication was
            altered or made anew, or the table taken out and put back.
        is_named: Whether the publication names it, and has it not by its schema or because it has all tables.
    """

    number: int
    schema: str
    table: str
    is_only: bool
    identity: str
    columns: tuple[ColumnState, ...]
    other_parts: tuple[str, ...]
    publishes: tuple[str, ...]
    is_published: bool
    condition: str
    entry: str = ""
    is_named: bool = True

    @property
    def name(self) -> str:
        """The table as SQL has it."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"


@dataclass(frozen=True)
class SlotState:
    """A slot.

    Attributes:
        reader: Process of the server that reads it now; None where none does.
        position: Up to where it was moved on.
        is_lost: Whether the server has removed what it should keep.
        is_ours: Whether it is of this database, and of the plugin that tells of changes.
        kept: Bytes of log that the server keeps for it.
        waiting: Bytes of log beyond its position, of whatever tables.
        safe: Bytes that may still be written before the server removes what it keeps; None where it never does.
    """

    reader: int | None
    position: int
    is_lost: bool
    is_ours: bool
    kept: int
    waiting: int
    safe: int | None


class Server:
    """A session of a PostgreSQL whose changes are followed."""

    def __init__(self, connection: extensions.connection, address: str, place: str) -> None:
        """Keep the connection; `address` and `place` are for errors."""
        self._connection, self._address, self._place = connection, address, place

    def table(self, name: str, publication: str) -> TableState:
        """A table and its place in a publication.

        Raises:
            IngestError: there is no such table or publication.
        """
        parts = ".".join(map(quoted, name.split(".")))
        found = self._row(_TABLE, parts)
        if found is None:
            hint = "Compare `table` of the source with the database; it is looked for in the search_path of the user."
            raise IngestError(self._place, f"there is no table {name}, or this user may not see it", hint=hint)
        number, schema, table, kind, identity, key, others = found
        family = self._one(_FAMILY, number, number)
        published = self._row(_PUBLICATION, family, schema, table, publication)
        if published is None:
            raise IngestError(
                self._place, f"there is no publication {publication}",
                hint=f"Let the owner of the table say: create publication {publication} for table {name}"
                f"{' with (publish_via_partition_root)' if kind == 'p' else ''}",
            )  # fmt: skip
        *kinds, said, entry = published
        schemas = self._one(_SCHEMAS, publication, family) if self.version >= NARROW_VERSION else []
        only = said.get("attnames") if said and self.version >= NARROW_VERSION else None
        columns = tuple(
            ColumnState(
                column, kind_of(of, modifier), type_, base, required,
                identity == "f" or (identity != "n" and place in key), large,
                (only is None or column in only) and (not generated or self.version >= GENERATED_VERSION),
            )
            for place, column, of, modifier, type_, required, generated, large, base in self._rows(_COLUMNS, number)
        )  # fmt: skip
        names = {"d": "default", "f": "full", "n": "nothing", "i": "index"}
        publishes = zip(("insert", "update", "delete", "truncate"), kinds, strict=True)
        return TableState(
            number, schema, table, kind != "p", names[identity], columns, tuple(others),
            tuple(name for name, does in publishes if does), said is not None, (said or {}).get("rowfilter") or "",
            f"{entry} {schemas}", not entry.endswith("{}"),
        )  # fmt: skip

    def stay(self) -> None:
        """Keep the session while rows are loaded, and no statement of it once the reader is gone."""
        self._run("set idle_session_timeout = 0; set client_connection_check_interval = '10s'")

    @property
    def version(self) -> int:
        """Version of the server, as 150004."""
        return self._connection.server_version

    @property
    def level(self) -> str:
        """How much the server writes to its log: changes can be followed where it is `logical`."""
        return str(self._one("select current_setting('wal_level')"))

    @property
    def user(self) -> str:
        """Name of the user, as SQL has it."""
        return quoted(str(self._one("select current_user::text")))

    @property
    def may_replicate(self) -> bool:
        """Whether the user may read slots."""
        return bool(self._one(_MAY_REPLICATE))

    @property
    def free_slots(self) -> int:
        """How many slots can still be made."""
        return int(
            self._one(
                "select current_setting('max_replication_slots')::int - (select count(*) from pg_replication_slots)"
            )
        )

    @property
    def end(self) -> int:
        """Position up to which the log is written now; it may be within a record of it."""
        return lsn_of(str(self._one("select pg_current_wal_flush_lsn()::text")))

    def reached(self) -> int | None:
        """Position between two records, up to which all is on the disk of the server; None where that takes long."""
        position = lsn_of(str(self._one("select pg_current_wal_insert_lsn()::text")))
        for _ in range(_LOOKS):
            if self.end >= position:
                return position
            time.sleep(_LOOK_S)
        return None

    def may_read(self, table: TableState) -> bool:
        """Whether the user may read the rows of a table."""
        return bool(self._one("select has_table_privilege(%s::oid, 'select')", table.number))

    def type_of(self, kind: str) -> str:
        """A type for people, of its number and modifier."""
        return str(self._one("select format_type(%s::oid, %s)", *map(int, kind.split("."))))

    def slot(self, name: str) -> SlotState | None:
        """A slot; None where there is none."""
        found = self._row(_SLOT, name)
        if found is None:
            return None
        reader, position, status, kept, waiting, safe, is_ours = found
        is_lost = status == "lost" or position is None
        return SlotState(reader, lsn_of(position) if position else 0, is_lost, is_ours, kept or 0, waiting or 0, safe)

    def slots_like(self, beginning: str) -> list[str]:
        """Slots of this database whose names begin like this and that nobody reads now."""
        sql = (
            "select slot_name from pg_replication_slots where starts_with(slot_name, %s) and not active "
            "and database = current_database() order by 1"
        )
        return [name for (name,) in self._rows(sql, beginning)]

    def take(self, slot: str) -> bool:
        """Be the one reader of a slot as long as this session lasts; whether nobody else is."""
        return bool(self._one("select pg_try_advisory_lock(hashtextextended(%s, 0))", slot))

    def drop(self, slot: str) -> None:
        """Remove a slot, if it is there."""
        self._run("select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s", slot)

    def move_on(self, slot: str, position: int) -> None:
        """Let the server forget what a slot keeps from before a position."""
        self._run("select pg_replication_slot_advance(%s, %s)", slot, lsn_text(position))

    def peek(
        self, slot: str, publication: str, take: Callable[[bytes], None], *, most: int, up_to: int | None = None
    ) -> None:
        """Tell the messages of whole transactions that a slot keeps, in the order in which they were committed.

        Args:
            slot: The slot.
            publication: Of the tables.
            take: Takes a message.
            most: Changes, of any table of the publication, from which on no further transaction is told.
            up_to: Position where the last transaction ends; without it all that is committed is told.
        """
        limit = None if up_to is None else lsn_text(up_to)
        # Of several publications a list is parsed, in which names are quoted.
        with told(self._place, self._address), self._connection.cursor() as cursor:
            sql = cursor.mogrify(_PEEK, (slot, limit, most, quoted(publication)))
            cursor.copy_expert(sql, _Rows(take), size=1 << 16)

    @contextmanager
    def made(self, slot: str) -> Iterator[tuple[int, str]]:
        """Make a slot; gives its position, and a name by which others see the database as it was there.

        That is seen until the context ends; transactions that are open are waited for.
        """
        with self._replicating() as cursor:
            with told(self._place, self._address):
                cursor.create_replication_slot(slot, output_plugin="pgoutput")
                row = cursor.fetchone()
            yield lsn_of(row[1]), row[2]

    @property
    def identity(self) -> Identity:
        """Which log the server writes."""
        return Identity(*self._rows(_IDENTITY)[0])

    def parted(self, timeline: int) -> int | None:
        """Position up to which the log is that of an earlier timeline; None where that is not in its past."""
        now = self.identity.timeline
        if now <= timeline:
            return None
        with told(self._place, self._address), self._replicating() as cursor:
            cursor.execute(f"TIMELINE_HISTORY {now:d}")
            text = cursor.fetchone()[1]
        lines = (text if isinstance(text, str) else bytes(text).decode()).splitlines()
        return next((lsn_of(line.split("\t")[1]) for line in lines if line.startswith(f"{timeline}\t")), None)

    @contextmanager
    def _replicating(self) -> Iterator[Any]:
        with told(self._place, self._address):
            connection = _connect(self._address, self._place, LogicalReplicationConnection)
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def _run(self, sql: str, *values: Any) -> None:
        with told(self._place, self._address), self._connection.cursor() as cursor:
            cursor.execute(sql, values)

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with told(self._place, self._address), self._connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def _row(self, sql: str, *values: Any) -> tuple[Any, ...] | None:
        return next(iter(self._rows(sql, *values)), None)

    def _one(self, sql: str, *values: Any) -> Any:
        ((found,),) = self._rows(sql, *values)
        return found


class _Rows:
    """Takes what a binary COPY of positions and messages writes, in whatever pieces it comes."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take, self._rest, self._skip = take, b"", _HEADER

    def write(self, piece: bytes) -> int:
        """Tell the messages that are whole."""
        data = self._rest + piece if self._rest else piece
        at = self._skip
        while len(data) >= at + _ROW + 4:
            begin = at + _ROW + 4
            end = begin + _LENGTH.unpack_from(data, at + _ROW)[0]
            if len(data) < end:
                break
            self._take(data[begin:end])
            at, self._skip = end, 0
        if len(data) >= at and not self._skip:
            self._rest = data[at:]
        else:
            self._rest = data
        return len(piece)


@contextmanager
def followed(address: str, place: str, *, within_s: int | None = None) -> Iterator[Server]:
    """A session of a server whose changes are to be followed.

    Args:
        address: Address of the database.
        place: What an error names as the place.
        within_s: Longest time that a statement may take; without it, as long as it does.

    Raises:
        IngestError: it is no PostgreSQL, or cannot be connected to; the message does not hold the password.
    """
    limits = {} if within_s is None else {"connect_timeout": within_s, "statement_timeout": f"{within_s}s"}
    with told(place, address, at_start=True):
        connection = _connect(address, place, extensions.connection, limits)
    try:
        connection.autocommit = True
        server = Server(connection, address, place)
        if server.version < LEAST_VERSION:
            raise IngestError(
                place, f"the server is PostgreSQL {server.version // 10000}, whose changes are not followed",
                hint="Follow one of version 14 or later, or read by a cursor.",
            )  # fmt: skip
        server.stay()
        yield server
    finally:
        connection.close()


def _connect(address: str, place: str, factory: Any, limits: Mapping[str, Any] | None = None) -> Any:
    if not address.startswith(("postgres:", "postgresql:", "postgresql+")):
        raise IngestError(
            place, "only PostgreSQL tells of its changes", hint="Leave out `publication`, and read by a cursor."
        )
    url = make_url(sqlalchemy_postgres_url(address)).set(drivername="postgresql")
    limits = dict(limits or {})
    client = {**POSTGRES_CLIENT, **({"connect_timeout": limits.pop("connect_timeout")} if limits else {})}
    options = " ".join(f"-c {name}={value}" for name, value in (_SETTINGS | limits).items())
    return psycopg2.connect(
        url.render_as_string(hide_password=False), connection_factory=factory, options=options,
        **{name: value for name, value in client.items() if name not in url.query},
    )  # fmt: skip
