"""Links by which people show a dashboard or an answer to someone without a key.

Belongs here: making, finding, counting and ending them. Only hashes of their secrets are kept. Does not belong here:
HTTP (``service``), whether who made one may still ask (``keys``), what is shown.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from nlq.core.guard import Caller
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading

MOST_LINKS = 200
"""Links of one owner that are open."""
KEPT_AFTER_END = timedelta(days=30)
_SECRET_BYTES = 32
_metadata = sa.MetaData()
_links = sa.Table(
    "shared_links",
    _metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("tenant", sa.Text),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("chosen", sa.Text, nullable=False),
    sa.Column("origins", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
    sa.Column("revoked_at", sa.DateTime),
    sa.Column("opened", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.DateTime),
)
_c = _links.c
LinkKind = Literal["dashboard", "answer"]


class TooManyLinksError(ValueError):
    """The owner has as many open links as there may be."""


@dataclass(frozen=True)
class Shown:
    """What a link shows: a dashboard or an answer by its id, its title, and what is chosen of it, as JSON."""

    kind: LinkKind
    target: str
    title: str
    chosen: str = "{}"


@dataclass(frozen=True)
class Link:
    """A link as it may be listed. Times are UTC.

    ``owner`` is the id of the key that made it, empty for whoever is at this machine without keys; ``caller`` whose
    rights it has; ``origins`` the sites that may show it in a frame.
    """

    id: str
    owner: str
    caller: Caller
    shown: Shown
    origins: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    opened: int
    opened_at: datetime | None

    @property
    def state(self) -> Literal["open", "expired", "revoked"]:
        """Whether it shows anything."""
        if self.revoked_at:
            return "revoked"
        return "open" if self.expires_at > utc_now() else "expired"


class LinkStore:
    """The links in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and make the table if there is none."""
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)

    def create(
        self, owner: str, caller: Caller, shown: Shown, life: timedelta, origins: Iterable[str] = ()
    ) -> tuple[Link, str]:
        """Make a link.

        Returns:
            The link, and the secret that its holder sends; it cannot be had again.

        Raises:
            TooManyLinksError: the owner has too many.
        """
        now, text, link_id = utc_now(), secrets.token_urlsafe(_SECRET_BYTES), str(uuid.uuid4())
        row = {
            "id": link_id, "hash": _hash(text), "owner": owner, "tenant": caller.tenant, "role": caller.role,
            **vars(shown), "origins": json.dumps(list(origins)), "created_at": now, "expires_at": now + life,
            "revoked_at": None, "opened": 0, "opened_at": None,
        }  # fmt: skip
        open_ones = sa.and_(_c.owner == owner, _c.revoked_at.is_(None), _c.expires_at > now)
        with self._engine.begin() as con:
            con.execute(sa.delete(_links).where(_c.expires_at <= now - KEPT_AFTER_END))
            if con.execute(sa.select(sa.func.count()).where(open_ones)).scalar_one() >= MOST_LINKS:
                raise TooManyLinksError(f"there are {MOST_LINKS} open links of yours, which is the most: end one first")
            con.execute(sa.insert(_links).values(row))
        return _link(row), text

    def of(self, owners: Iterable[str]) -> list[Link]:
        """The links of some owners, the newest first, also for a while those that have ended."""
        mine = sa.select(_links).where(_c.owner.in_(list(owners))).order_by(_c.created_at.desc(), _c.id)
        with self._reads.connect() as con:
            return [_link(row) for row in con.execute(mine.limit(2 * MOST_LINKS)).mappings()]

    def find(self, link_id: str, text: str) -> Link | None:
        """The link of an id if its secret is right and it is open; else None."""
        row = self._row(link_id)
        # Of 256 random bits one round of a plain hash is enough: there is nothing to guess.
        if row is None or not text.isascii() or not hmac.compare_digest(row["hash"], _hash(text)):
            return None
        found = _link(row)
        return found if found.state == "open" else None

    def origins(self, link_id: str) -> tuple[str, ...]:
        """The sites that may show an open link in a frame; none where there is no such link."""
        row = self._row(link_id)
        found = _link(row) if row is not None else None
        return found.origins if found and found.state == "open" else ()

    def count(self, link_id: str) -> None:
        """Count that a link was opened."""
        opened = sa.update(_links).where(_c.id == link_id).values(opened=_c.opened + 1, opened_at=utc_now())
        with self._engine.begin() as con:
            con.execute(opened)

    def revoke(self, link_id: str, owners: Iterable[str]) -> bool:
        """End a link of one of these owners at once; whether there is one. What has ended stays as it was."""
        mine = sa.and_(_c.id == link_id, _c.owner.in_(list(owners)))
        ended = sa.update(_links).where(mine).values(revoked_at=sa.func.coalesce(_c.revoked_at, utc_now()))
        with self._engine.begin() as con:
            return con.execute(ended).rowcount == 1

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _row(self, link_id: str) -> Any:
        with self._reads.connect() as con:
            return con.execute(sa.select(_links).where(_c.id == link_id)).mappings().first()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _link(row: Any) -> Link:
    shown = Shown(**{name: row[name] for name in Shown.__dataclass_fields__})
    plain = {
        name: row[name] for name in ("id", "owner", "created_at", "expires_at", "revoked_at", "opened", "opened_at")
    }
    return Link(
        **plain, caller=Caller(row["tenant"], row["role"]), shown=shown, origins=tuple(json.loads(row["origins"]))
    )
