"""Where a source fetches its records from, where they do not come as files: a database, or an API over HTTP.

Belongs here: the models of these parts of sources.yml. Does not belong here: connecting or reading (fetching), or what
a record means (sources).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Access = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
LEAST_EVERY = timedelta(seconds=30)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(_Part):
    """What is read of a database: a table or a query, whole or by a cursor."""

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
    look_back: timedelta | int | None = Field(
        None, description="How far before that value rows are read again, for those that became visible late: a time "
        "(`PT1H`, `P1D`) where the cursor is one, otherwise a number."
    )  # fmt: skip
    every: timedelta | None = Field(
        None, ge=LEAST_EVERY, description="How often the daemon loads it, as `PT15M`; without it nobody does by itself."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Database:
        if (self.table is None) == (self.query is None):
            raise ValueError("say either table or query")
        if self.query is not None and self.columns:
            raise ValueError("columns: a query names its own columns")
        if self.cursor is None and self.look_back is not None:
            raise ValueError("look_back: only rows that are read by a cursor can be looked back for")
        if self.columns and self.cursor and self.cursor not in self.columns:
            raise ValueError(f"columns: must hold the cursor '{self.cursor}'")
        negative = timedelta(0) if isinstance(self.look_back, timedelta) else 0
        if self.look_back is not None and self.look_back < negative:  # pyright: ignore[reportOperatorIssue]
            raise ValueError("look_back: must not be negative")
        return self


Kind = Literal["file", "database"]
