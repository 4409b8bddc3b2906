"""How a record becomes rows, whatever it comes from: columns, keys, whose it is, and how texts are read.

Belongs here: the models of these parts of a source. Does not belong here: where records come from (one module per
kind), or the SQL that is made of them (mapping).
"""

from __future__ import annotations

from pydantic import Field, model_validator

from lakehouse_assets.ingest.described.texts import (
    Constant,
    DateFormat,
    DecimalSign,
    Part,
    Sql,
    ThousandsSign,
    Zone,
)


class Tenant(Part):
    """Where the tenant of a record comes from; without it the caller must name one."""

    constant: str | None = Field(None, description="The same tenant for every record.")
    expression: Sql | None = Field(None, description="Expression over the raw fields.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Tenant:
        if (self.constant is None) == (self.expression is None):
            raise ValueError("say either constant or expression")
        return self


class DedupKey(Part):
    """What makes two records copies of one another, within a tenant."""

    fields: list[Sql] = Field(min_length=1, description="Expressions over the raw fields.")
    occurrence: bool = Field(
        False,
        description="Whether equal keys in one file are different records: the first, the second, and so on.",
    )


class Mapping(Part):
    """How columns of the target table are filled."""

    columns: dict[str, Sql] = Field(default_factory=dict, description="Column to expression over the raw fields.")
    constants: dict[str, Constant] = Field(default_factory=dict, description="Column to fixed value.")

    @model_validator(mode="after")
    def _each_column_once(self) -> Mapping:
        if twice := sorted(self.columns.keys() & self.constants.keys()):
            raise ValueError(f"{', '.join(twice)}: stated under columns and under constants")
        return self


class Event(Mapping):
    """One of the rows a record yields."""

    name: str = Field(description="What tells the rows of one record apart; part of the deduplication key.")
    when: Sql = Field(
        default="true", description="Condition over the raw fields under which the record yields this row."
    )


class ReadAs(Part):
    """How the texts of one column are read, where otherwise than those of the others."""

    time_zone: Zone | None = None
    date_formats: list[DateFormat] | None = None
    decimal_sign: DecimalSign | None = None
    thousands_sign: ThousandsSign | None = None
