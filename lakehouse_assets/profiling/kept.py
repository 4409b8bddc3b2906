"""Profiles that were computed, in the SQL database of the questions, read back by their table and snapshot.

Belongs here: that table. Does not belong here: computing what is missing in it, or who may see what (tables).
"""

from __future__ import annotations

from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from lakehouse_assets.profiling.model import Profile
from nlq.storage.database import open_tables, reading

KEPT = 8
"""Profiles kept of a table, and of each tenant and load in it: the newest, and those that it is compared with."""
_metadata = sa.MetaData()
_profiles = sa.Table(
    "table_profiles",
    _metadata,
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("load_id", sa.Text, primary_key=True),
    sa.Column("snapshot_id", sa.Text, primary_key=True),
    sa.Column("computed_at", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)
_c = _profiles.c


class KeptProfiles:
    """The profiles in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and make the table if there is none."""
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)

    def find(
        self, table: str, snapshot_id: str, tenant: str | None = None, load_id: str | None = None
    ) -> Profile | None:
        """The profile of a snapshot, of one tenant's rows or one load's where one is named; None if none is kept."""
        with self._reads.begin() as con:
            found = con.execute(
                sa.select(_c.document).where(
                    _c.table_name == table, _c.snapshot_id == snapshot_id,
                    _c.tenant == (tenant or ""), _c.load_id == (load_id or ""),
                )
            ).scalar()  # fmt: skip
        return Profile.model_validate_json(found) if found else None

    def before(
        self, table: str, snapshot_id: str, tenant: str | None = None, load_id: str | None = None
    ) -> list[Profile]:
        """What a profile is compared with, newest first: earlier snapshots, or where a load is named, other loads."""
        others = (
            [_c.load_id != load_id, _c.load_id != ""] if load_id else [_c.load_id == "", _c.snapshot_id != snapshot_id]
        )
        wanted = sa.select(_c.document).where(_c.table_name == table, _c.tenant == (tenant or ""), *others)
        with self._reads.begin() as con:
            found = con.execute(wanted.order_by(_c.computed_at.desc()).limit(KEPT)).scalars().all()
        return [Profile.model_validate_json(document) for document in found]

    def keep(self, profile: Profile) -> None:
        """Keep a profile, and forget those of its table, tenant and kind that are older than the newest."""
        tenant, load_id = profile.tenant or "", profile.load_id or ""
        kind = [
            _c.table_name == profile.table, _c.tenant == tenant, _c.load_id != "" if load_id else _c.load_id == "",
        ]  # fmt: skip
        row = {
            "table_name": profile.table, "tenant": tenant, "load_id": load_id, "snapshot_id": profile.snapshot_id or "",
            "computed_at": profile.computed_at.isoformat(), "document": profile.model_dump_json(),
        }  # fmt: skip
        # Another process may have computed the same meanwhile: one of both is kept.
        with suppress(IntegrityError), self._engine.begin() as con:
            con.execute(sa.delete(_profiles).where(*(c == row[c.name] for c in _profiles.primary_key)))
            con.execute(sa.insert(_profiles).values(row))
            old = sa.select(_c.computed_at).where(*kind).order_by(_c.computed_at.desc()).offset(KEPT).limit(1)
            if oldest := con.execute(old).scalar():
                con.execute(sa.delete(_profiles).where(*kind, _c.computed_at <= oldest))

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()
