"""API keys: who may ask over HTTP, for which tenant and in which role; and the sessions that browsers open with them.

Belongs here: making, finding, revoking and forgetting keys; opening, finding and ending sessions. Only hashes are kept.
Does not belong here: HTTP and cookies (``service``), what a role may do (``core.guard``).

A session is what a browser holds in place of a key: a random text of its own, for a bounded time, that ends with the
key. It is in the database beside the keys, so every process that serves knows it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from nlq.core.guard import ROLES, Caller
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading

PREFIX = "alk"
MOST_SESSIONS = 50
"""Sessions of one key at the same time; one more ends the oldest."""
_SECRET_BYTES = 32
_metadata = sa.MetaData()
_keys = sa.Table(
    "api_keys",
    _metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("revoked_at", sa.DateTime),
)
_sessions = sa.Table(
    "api_sessions",
    _metadata,
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.String(16), nullable=False, index=True),
    sa.Column("opened_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
)


@dataclass(frozen=True)
class Key:
    """A key as it may be shown: its id is public, its secret is known to its holder alone. Times are UTC."""

    id: str
    name: str
    tenant: str | None
    role: str
    created_at: datetime
    revoked_at: datetime | None

    @property
    def caller(self) -> Caller:
        """Who asks with this key."""
        return Caller(self.tenant, self.role)


@dataclass(frozen=True)
class Session:
    """A session that holds: the key it was opened with, and when it ends, UTC."""

    key: Key
    expires_at: datetime


class KeyStore:
    """The keys and sessions in one database. Thread-safe."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the tables are made on first use."""
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)

    def create(self, name: str, *, tenant: str | None = None, role: str = "analyst") -> tuple[Key, str]:
        """Make a key.

        Returns:
            The key, and the text its holder sends; the text cannot be had again.

        Raises:
            ValueError: there is no such role, or it is for one tenant and none is named, or the name is empty.
        """
        if not name.strip():
            raise ValueError("a key needs a name, to know it by when it is to be revoked")
        if role not in ROLES:
            raise ValueError(f"there is no role '{role}'; there are {', '.join(sorted(ROLES))}")
        if tenant is None and not ROLES[role].every_tenant:
            raise ValueError(f"the role {role} is for one tenant: name it")
        key = Key(secrets.token_hex(8), name.strip(), tenant, role, utc_now(), None)
        text = f"{PREFIX}_{key.id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        with self._engine.begin() as con:
            con.execute(sa.insert(_keys).values(**vars(key), hash=_hash(text)))
        return key, text

    @contextmanager
    def look(self) -> Iterator[Look]:
        """Look at keys and sessions several times, as they are now; what was looked at once is not read again."""
        with self._reads.connect() as con:
            yield Look(con)

    def find(self, text: str) -> Key | None:
        """See Look."""
        with self.look() as look:
            return look.find(text)

    def of(self, key_id: str) -> Key | None:
        """The key of an id, or None where there is none or it was revoked."""
        valid = sa.and_(_keys.c.id == key_id, _keys.c.revoked_at.is_(None))
        with self._reads.connect() as con:
            row = con.execute(sa.select(_keys).where(valid)).mappings().first()
        return _key(row) if row else None

    def list(self) -> list[Key]:
        """Every key ever made, the newest first."""
        with self._reads.connect() as con:
            return [_key(row) for row in con.execute(sa.select(_keys).order_by(_keys.c.created_at.desc())).mappings()]

    def revoke(self, key_id: str) -> Key:
        """End a key and its sessions at once; one that was revoked stays as it was.

        Raises:
            KeyError: there is none of this id.
        """
        with self._engine.begin() as con:
            open_key = sa.and_(_keys.c.id == key_id, _keys.c.revoked_at.is_(None))
            con.execute(sa.update(_keys).where(open_key).values(revoked_at=utc_now()))
            con.execute(sa.delete(_sessions).where(_sessions.c.key_id == key_id))
            row = con.execute(sa.select(_keys).where(_keys.c.id == key_id)).mappings().first()
        if row is None:
            raise KeyError(key_id)
        return _key(row)

    def forget_revoked(self) -> int:
        """Remove every key that was revoked; where no other is left, it is as if there never was one.

        Returns:
            How many were removed.
        """
        with self._engine.begin() as con:
            return con.execute(sa.delete(_keys).where(_keys.c.revoked_at.is_not(None))).rowcount

    def any(self) -> bool:
        """See Look."""
        with self.look() as look:
            return look.any()

    def any_valid(self) -> bool:
        """See Look."""
        with self.look() as look:
            return look.any_valid()

    def open_session(self, key: Key, life: timedelta) -> tuple[Session, str]:
        """Open a session; the oldest of the key ends where there are too many.

        Returns:
            The session, and the text its browser sends; the text cannot be had again.
        """
        now, text = utc_now(), secrets.token_urlsafe(_SECRET_BYTES)
        session = Session(key, now + life)
        newest = sa.select(_sessions.c.hash).where(_sessions.c.key_id == key.id)
        newest = newest.order_by(_sessions.c.opened_at.desc(), _sessions.c.hash).limit(MOST_SESSIONS - 1)
        with self._engine.begin() as con:
            con.execute(sa.delete(_sessions).where(_sessions.c.expires_at <= now))
            kept = con.execute(newest).scalars().all()
            con.execute(sa.delete(_sessions).where(_sessions.c.key_id == key.id, _sessions.c.hash.not_in(kept)))
            con.execute(
                sa.insert(_sessions).values(
                    hash=_hash(text), key_id=key.id, opened_at=now, expires_at=session.expires_at
                )
            )
        return session, text

    def find_session(self, text: str) -> Session | None:
        """See Look."""
        with self.look() as look:
            return look.find_session(text)

    def end_session(self, text: str) -> None:
        """End a session; where there is none of this text, nothing happens."""
        with self._engine.begin() as con:
            con.execute(sa.delete(_sessions).where(_sessions.c.hash == _hash(text)))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


# Made once: each caller is looked up, and making a statement takes longer than running it.
_KEY = sa.select(_keys).where(_keys.c.id == sa.bindparam("id"))
_THERE = {
    valid: sa.select(sa.exists(sa.select(_keys.c.id).where(_keys.c.revoked_at.is_(None) if valid else sa.true())))
    for valid in (False, True)
}


class Look:
    """What there is of keys and sessions at one moment. For one thread."""

    def __init__(self, con: sa.Connection) -> None:
        """Nothing is read yet."""
        self._con = con
        self._keys: dict[str, Key | None] = {}
        self._sessions: dict[str, Session | None] = {}
        self._there: dict[bool, bool] = {}

    def find(self, text: str) -> Key | None:
        """The key that a caller's text is, or None where it is none or was revoked."""
        if text not in self._keys:
            self._keys[text] = self._read_key(text)
        return self._keys[text]

    def _read_key(self, text: str) -> Key | None:
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX or not text.isascii():
            return None
        row = self._con.execute(_KEY, {"id": parts[1]}).mappings().first()
        # The secret has 256 random bits, so one round of a plain hash keeps it: there is nothing to guess.
        if row is None or not hmac.compare_digest(row["hash"], _hash(text)) or row["revoked_at"] is not None:
            return None
        return _key(row)

    def find_session(self, text: str) -> Session | None:
        """The session that a browser's text is of, or None where it is of none, or it ended, or its key did."""
        if text not in self._sessions:
            self._sessions[text] = self._read_session(text)
        return self._sessions[text]

    def _read_session(self, text: str) -> Session | None:
        joined = sa.select(_keys, _sessions.c.expires_at).join(_sessions, _sessions.c.key_id == _keys.c.id)
        # Found by a hash of 256 random bits: how long the search takes tells nothing of the text.
        holds = sa.and_(
            _sessions.c.hash == _hash(text), _sessions.c.expires_at > utc_now(), _keys.c.revoked_at.is_(None)
        )
        row = self._con.execute(joined.where(holds)).mappings().first()
        return Session(_key(row), row["expires_at"]) if row else None

    def any(self) -> bool:
        """Whether there is a key, revoked or not: revoking the last one opens nothing again, forgetting it does."""
        return self._is_there(valid=False)

    def any_valid(self) -> bool:
        """Whether there is a key that was not revoked."""
        return self._is_there(valid=True)

    def _is_there(self, *, valid: bool) -> bool:
        if valid not in self._there:
            self._there[valid] = self._con.execute(_THERE[valid]).scalar_one()
        return self._there[valid]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: Any) -> Key:
    return Key(**{name: row[name] for name in Key.__dataclass_fields__})
