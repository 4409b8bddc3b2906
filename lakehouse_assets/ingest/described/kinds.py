"""What a kind of source is: the fields that only its sources state, and the formats that they have.

Belongs here: what all kinds answer. Does not belong here: a kind (one module each), or which there are (sources).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal, Protocol, get_args

from pydantic import Field

Format = Literal["csv", "json", "ndjson", "parquet", "avro", "json_schema", "raw"]
FETCHED: Format = "ndjson"
"""How records that are fetched count where the format matters: each field has its own text, as in JSON."""
Access = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""The name by which the environment holds a secret."""
LEAST_EVERY = timedelta(seconds=30)
"""How often anything is fetched at most."""
OF_CURSOR = (
    "How far before the greatest value of the last load records are read again, for those that became visible late: a "
    "time (`PT1H`, `P1D`) where the cursor is one, otherwise a number."
)
OF_EVERY = "How often the daemon loads it, as `PT15M`; without it nobody does by itself."


class Fetched(Protocol):
    """What a source says of where it fetches its records by itself."""

    @property
    def every(self) -> timedelta | None:
        """How often the daemon loads it; None where nobody does by itself."""
        ...

    @property
    def may_repeat(self) -> bool:
        """Whether one load, or one after another, may bring a record twice."""
        ...


@dataclass(frozen=True)
class SourceKind:
    """A kind of source.

    Attributes:
        name: The kind; of one that fetches its records, also the field of what it says of where they are (Fetched).
        description: What its records are, for people.
        states: Fields that only a source of the kind may state.
        needs: Of these, those that it must.
        formats: The formats that it may state; none where it fetches its records and states no format.
    """

    name: str
    description: str
    states: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    formats: tuple[Format, ...] = ()

    @property
    def fetches(self) -> bool:
        """Whether its sources get their records by themselves when they are loaded."""
        return not self.formats

    def refuse_unfit(self, stated: Collection[str], format_: Format | None, others: Collection[SourceKind]) -> None:
        """Refuse what a source of the kind states and must not, or does not and must.

        Args:
            stated: The fields that it states.
            format_: The format that it states, if any.
            others: All kinds.

        Raises:
            ValueError: there is such a field; the message begins with it.
        """
        for other in others:
            if other is not self and (foreign := [name for name in other.states if name in stated]):
                raise ValueError(f"{', '.join(foreign)}: only a source of kind {other.name} has it")
        if missing := [name for name in self.needs if name not in stated]:
            raise ValueError(f"{', '.join(missing)}: a source of kind {self.name} states what it reads")
        if self.fetches and format_ is not None:
            raise ValueError(f"format: a source of kind {self.name} has none")
        if self.formats and format_ in get_args(Format) and format_ not in self.formats:
            raise ValueError(f"format: a source of kind {self.name} has one of {', '.join(self.formats)}")


def refuse_negative(look_back: timedelta | int | None) -> None:
    """Refuse a look-back that would leave records out.

    Raises:
        ValueError: it is negative.
    """
    negative = timedelta(0) if isinstance(look_back, timedelta) else 0
    if look_back is not None and look_back < negative:  # pyright: ignore[reportOperatorIssue]
        raise ValueError("look_back: must not be negative")
