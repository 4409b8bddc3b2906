"""Where the newest features of entities are kept to be read one by one: Redis where there is one, else a database.

Belongs here: keeping and finding rows that are texts. Does not belong here: what is in a row, or when it is made anew
(online).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from lakehouse_assets.settings.types import sqlite_url
from lakehouse_assets.shared_redis import PREFIX, SharedRedis, connect
from nlq.storage.database import open_tables, reading

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

_AT_ONCE = 5_000
"""Rows that are sent at once."""
_OLD_ROWS_S = 60
"""Seconds after which rows that newer ones took the place of are forgotten in Redis."""


class StoreUnavailableError(Exception):
    """What features are kept in does not answer."""


@dataclass(frozen=True)
class State:
    """Of what the rows of a view are.

    Attributes:
        head: Metadata of the feature table they were read from.
        snapshot: Its snapshot; empty if it had none.
        newest: Newest day of the table, ISO; empty if it had no rows.
        rows: How many there are.
    """

    head: str
    snapshot: str
    newest: str
    rows: int


class Found(NamedTuple):
    """What is kept of a view and of one entity: nothing of the view was kept yet if there is no state."""

    state: State | None
    document: str | None


class FeatureStore(Protocol):
    """Keeps the rows of each view; thread-safe. All of its methods raise StoreUnavailableError."""

    def find(self, view: str, entity: str) -> Found:
        """The row of one entity, and the state that it is of."""
        ...

    def replace(self, view: str, state: State, rows: Iterable[tuple[str, str]]) -> None:
        """Keep the rows of a view, entity and document, in the place of those there were, at once for readers."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


def open_store(settings: Settings) -> FeatureStore:
    """The store of the profile: Redis where the settings name one, else the database of the profile."""
    if url := settings.redis_url.get_secret_value():
        return FeaturesInRedis(connect(url), _name_of_lake(settings))
    if settings.parts.state == "sqlite":
        return FeaturesInDatabase(sqlite_url(settings.models_dir.absolute() / "features.db"))
    return FeaturesInDatabase(settings.postgres_sqlalchemy_url)


_metadata = sa.MetaData()
_views = sa.Table(
    "online_views",
    _metadata,
    sa.Column("view", sa.String(128), primary_key=True),
    sa.Column("head", sa.Text, nullable=False),
    sa.Column("snapshot", sa.Text, nullable=False),
    sa.Column("newest", sa.String(10), nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
)
_features = sa.Table(
    "online_features",
    _metadata,
    sa.Column("view", sa.String(128), primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)
_FIND = (
    sa.select(*_views.c, _features.c.document)
    .join_from(
        _views,
        _features,
        sa.and_(_features.c.view == _views.c.view, _features.c.entity == sa.bindparam("entity")),
        isouter=True,
    )
    .where(_views.c.view == sa.bindparam("view"))
)


class FeaturesInDatabase:
    """Rows in SQLite or PostgreSQL; see FeatureStore."""

    def __init__(self, url: str) -> None:
        """It is opened with the first use: many never ask for a prediction."""
        self._url = url

    @cached_property
    def _engine(self) -> sa.Engine:
        return open_tables(self._url, _metadata)

    def find(self, view: str, entity: str) -> Found:
        """See FeatureStore."""
        try:
            with reading(self._engine).begin() as con:
                row = con.execute(_FIND, {"view": view, "entity": entity}).one_or_none()
        except OperationalError as error:
            raise StoreUnavailableError from error
        if row is None:
            return Found(None, None)
        return Found(State(row.head, row.snapshot, row.newest, row.rows), row.document)

    def replace(self, view: str, state: State, rows: Iterable[tuple[str, str]]) -> None:
        """See FeatureStore."""
        of_view = {"view": view, "head": state.head, "snapshot": state.snapshot, "newest": state.newest}
        try:
            with self._engine.begin() as con:
                con.execute(sa.delete(_views).where(_views.c.view == view))
                con.execute(sa.insert(_views), {**of_view, "rows": state.rows})
                con.execute(sa.delete(_features).where(_features.c.view == view))
                for part in _parts(rows):
                    con.execute(sa.insert(_features), [{"view": view, "entity": e, "document": d} for e, d in part])
        except OperationalError as error:
            raise StoreUnavailableError from error

    def close(self) -> None:
        """See FeatureStore."""
        if "_engine" in vars(self):
            self._engine.dispose()


# The state names the key that the rows of it are under, so that both are of one time.
_FIND_IN_REDIS = """
local state = redis.call('HGETALL', KEYS[1])
local rows = redis.call('HGET', KEYS[1], 'key')
return {state, rows and redis.call('HGET', rows, ARGV[1])}
"""


class FeaturesInRedis:
    """Rows in Redis, a hash for each state of a view; see FeatureStore."""

    def __init__(self, redis: SharedRedis, lake: str) -> None:
        """Nothing is sent yet; ``lake`` tells lakes apart that share a Redis."""
        self._redis, self._lake = redis, lake
        self._find = redis.client.register_script(_FIND_IN_REDIS)

    def find(self, view: str, entity: str) -> Found:
        """See FeatureStore."""
        name = self._name(view)
        found: Any = self._redis.ask(lambda: self._find(keys=[name], args=[entity]), "features")
        if found is None:
            raise StoreUnavailableError
        pairs = [part.decode() for part in found[0]]
        state = dict(zip(pairs[::2], pairs[1::2], strict=True))
        if not state:
            return Found(None, None)
        known = State(state["head"], state["snapshot"], state["newest"], int(state["rows"]))
        return Found(known, found[1].decode() if found[1] else None)

    def replace(self, view: str, state: State, rows: Iterable[tuple[str, str]]) -> None:
        """See FeatureStore."""
        client, name = self._redis.client, self._name(view)
        under = f"{name}:{state.head}"

        def keep() -> bool:
            client.delete(under)
            for part in _parts(rows):
                client.hset(under, mapping=dict(part))
            before: Any = client.hget(name, "key")
            of_view: Mapping[Any, Any] = {
                "head": state.head, "snapshot": state.snapshot, "newest": state.newest, "rows": state.rows,
                "key": under,
            }  # fmt: skip
            client.hset(name, mapping=dict(of_view))
            if before and before.decode() != under:
                client.expire(before, _OLD_ROWS_S)
            return True

        if self._redis.ask(keep, "features") is None:
            raise StoreUnavailableError

    def close(self) -> None:
        """See FeatureStore."""
        self._redis.client.close()

    def _name(self, view: str) -> str:
        return f"{PREFIX}:features:{self._lake}:{view}"


def _name_of_lake(settings: Settings) -> str:
    place = str(settings.home.absolute()) if settings.parts.tables == "folder" else settings.warehouse_url
    return hashlib.sha256(place.encode()).hexdigest()[:12]


def _parts(rows: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    rest = iter(rows)
    return iter(lambda: list(islice(rest, _AT_ONCE)), [])
