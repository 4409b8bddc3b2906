"""API keys: who may ask over HTTP, for which tenant and in which role.

Belongs here: making, finding and revoking keys; only a hash is kept. Does not belong here: HTTP (``service``),
what a role may do (``guard``).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from nlq.guard import ROLES, Caller
from nlq.storage.database import create_tables, open_database, reading
from nlq.utc import utc_now

PREFIX = "alk"
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


class KeyStore:
    """The keys in one database. Thread-safe."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the table is made on first use."""
        self._engine = open_database(url)
        with self._engine.begin() as con:
            create_tables(con, _metadata)
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

    def find(self, text: str) -> Key | None:
        """The key that a caller's text is, or None where it is none or was revoked."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX:
            return None
        with self._reads.connect() as con:
            row = con.execute(sa.select(_keys).where(_keys.c.id == parts[1])).mappings().first()
        # The secret has 256 random bits, so one round of a plain hash keeps it: there is nothing to guess.
        if row is None or not hmac.compare_digest(row["hash"], _hash(text)) or row["revoked_at"] is not None:
            return None
        return _key(row)

    def list(self) -> list[Key]:
        """Every key ever made, the newest first."""
        with self._reads.connect() as con:
            return [_key(row) for row in con.execute(sa.select(_keys).order_by(_keys.c.created_at.desc())).mappings()]

    def revoke(self, key_id: str) -> Key:
        """End a key at once; one that was revoked stays as it was.

        Raises:
            KeyError: there is none of this id.
        """
        with self._engine.begin() as con:
            open_key = sa.and_(_keys.c.id == key_id, _keys.c.revoked_at.is_(None))
            con.execute(sa.update(_keys).where(open_key).values(revoked_at=utc_now()))
            row = con.execute(sa.select(_keys).where(_keys.c.id == key_id)).mappings().first()
        if row is None:
            raise KeyError(key_id)
        return _key(row)

    def any(self) -> bool:
        """Whether a key was ever made; revoking the last one opens nothing again."""
        with self._reads.connect() as con:
            return con.execute(sa.select(sa.exists(sa.select(_keys.c.id)))).scalar_one()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: Any) -> Key:
    return Key(**{name: row[name] for name in Key.__dataclass_fields__})
