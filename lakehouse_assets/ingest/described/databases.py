"""Sources whose records are the rows of a database.

Belongs here: what such a source states. Does not belong here: connecting or reading (fetching), or which rows are next
(loads).
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, model_validator

from lakehouse_assets.ingest.described.kinds import (
    LEAST_EVERY,
    OF_CURSOR,
    OF_EVERY,
    Access,
    SourceKind,
    refuse_negative,
)
from lakehouse_assets.ingest.described.texts import Part

KIND = SourceKind("database", "`database`: they are the rows of one.", states=("database",), needs=("database",))


class Database(Part):
    """What is read of a database: a table or a query, whole, by a cursor or as it changes."""

    access: Access = Field(description="Name by which ASKLAKE_SOURCE_ACCESS holds the address with user and password.")
    table: str | None = Field(
        None, min_length=1, description="Table or view, as `orders` or `sales.orders`; or state a query."
    )
    query: str | None = Field(
        None, min_length=1, description="A SELECT in the SQL of the database, instead of a table."
    )
    columns: list[str] = Field(default_factory=list, description="Columns of the table; without any, all of them.")
    cursor: str | None = Field(
        None, min_length=1, description="Column that grows with each new or changed row: only rows beyond the greatest "
        "value of the last load are read. Without it every load reads all rows."
    )  # fmt: skip
    look_back: timedelta | int | None = Field(None, description=OF_CURSOR)
    publication: str | None = Field(
        None, min_length=1, max_length=63, description="PostgreSQL: the publication by which inserts, updates and "
        "deletes of the table are followed, after a first copy of it; then there is no cursor."
    )  # fmt: skip
    every: timedelta | None = Field(None, ge=LEAST_EVERY, description=OF_EVERY)

    @model_validator(mode="after")
    def _one_of_both(self) -> Database:
        if (self.table is None) == (self.query is None):
            raise ValueError("say either table or query")
        if self.query is not None and self.columns:
            raise ValueError("columns: a query names its own columns")
        if self.publication is not None and (self.query is not None or self.cursor is not None):
            raise ValueError("publication: changes are followed of a table, and without a cursor")
        if self.cursor is None and self.look_back is not None:
            raise ValueError("look_back: only rows that are read by a cursor can be looked back for")
        if self.columns and self.cursor and self.cursor not in self.columns:
            raise ValueError(f"columns: must hold the cursor '{self.cursor}'")
        refuse_negative(self.look_back)
        return self

    @property
    def may_repeat(self) -> bool:
        """See Fetched."""
        return self.cursor is not None


class OfDatabase(Part):
    """The part of a source that says which rows it reads."""

    database: Database | None = Field(None, description="Of kind `database`: what is read of which.")
