"""Drafts of sources that people accepted while the service runs: the table of bronze each has, and how it is filled.

A domain comes with code, models and tests; what was accepted has rows in bronze and waits for them. It is data, never
code: names from a list of allowed characters, types from a list, expressions that the draft made. Each is one file that
appears whole or not at all; the first who takes a name has it.
Belongs here: keeping them, and the contract that follows of one. Does not belong here: what a draft is (drafting), or
who may accept it (service).
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from lakehouse_assets.lockfile import one_process_at_a_time
from lakehouse_assets.private import make_folder
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.settings import Settings

MOST, MOST_OF_ONE = 200, 50
"""Drafts that are kept, and those of one tenant: each is a table for good, and everyone who sends a file has it
compared with all."""
OWNER = "team:undecided"
_NAME = r"^[a-z][a-z0-9_]*$"
_LOG = logging.getLogger(__name__)
_ENDING = ".json"


class TakenError(Exception):
    """Another has the name."""


class FullError(Exception):
    """There are as many as may be, of all or of one tenant."""

    def __init__(self, most: int) -> None:
        """Keep how many that is."""
        super().__init__(most)
        self.most = most


class AdoptedColumn(BaseModel):
    """A column of the table."""

    name: str = Field(pattern=_NAME)
    type: str
    description: str
    nullable: bool


class Adopted(BaseModel):
    """A draft that was accepted.

    Attributes:
        name: Name of the source, and of the domain that it waits to become.
        tenant: Whose files it reads; None where anyone's.
        job: The upload that it was accepted with.
        accepted_by: Name of the key.
        edits: What the person decided; `drafting.edits` reads it.
        source: The source, as `ingest.sources` reads it.
        key: The columns that are unique together.
        day: The column by whose day it is partitioned.
        first_day: The first day of which records are taken in.
    """

    name: str = Field(pattern=_NAME)
    tenant: str | None
    job: str
    accepted_by: str
    accepted_at: datetime
    edits: dict[str, Any]
    source: dict[str, Any]
    description: str
    grain: str
    key: list[str]
    day: str
    first_day: date
    columns: list[AdoptedColumn]

    @property
    def table(self) -> str:
        """The table that it fills, as `bronze.orders_raw`."""
        return f"bronze.{self.name}_raw"


def use(settings: Settings) -> None:
    """Look for what was accepted below the home of these settings, instead of that of the environment."""
    _used[:] = [folder_of(settings)]


_used: list[Path] = []
"""The folder that this process looks into, if it was told one."""


def folder_of(settings: Settings) -> Path:
    """Where they lie."""
    return settings.home.absolute() / "adopted"


@cache
def _of_environment() -> Path:
    return folder_of(get_settings())


def adopted(settings: Settings | None = None) -> Sequence[Adopted]:
    """Everything that was accepted, by name; what cannot be read is left out, and said in the log.

    Args:
        settings: Whose home it lies in, where that is not the one this process looks into.
    """
    folder = folder_of(settings) if settings else _used[0] if _used else _of_environment()
    with suppress(FileNotFoundError):
        found = sorted((e.name, e.stat().st_mtime_ns) for e in os.scandir(folder) if e.name.endswith(_ENDING))
        return [one for name, stamp in found if (one := _read(folder / name, stamp))]
    return []


def find(name: str) -> Adopted | None:
    """The one of this name, if there is one."""
    return next((one for one in adopted() if one.name == name), None)


@lru_cache(maxsize=2 * MOST)
def _read(path: Path, _stamp: int) -> Adopted | None:
    try:
        return Adopted.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        _LOG.error("%s is left out, for it cannot be read: %s", path, error)
        return None


def keep(settings: Settings, accepted: Adopted, *, replace: bool = False) -> None:
    """Keep a draft that was accepted.

    Args:
        settings: Whose home it lies in.
        accepted: The draft.
        replace: Whether it may stand in for one that was accepted with the same upload: its table has no rows yet.

    Raises:
        TakenError: another has the name, or the same that decides otherwise.
        FullError: there are too many, or the tenant has.
        OSError: it cannot be written.
    """
    folder = folder_of(settings)
    make_folder(folder)
    place, new = folder / f"{accepted.name}{_ENDING}", folder / f"{uuid.uuid4().hex}.new"
    with one_process_at_a_time(folder / "lock"):
        if place.exists():
            there = _read(place, place.stat().st_mtime_ns)
            if there is None or there.job != accepted.job:
                raise TakenError
            if not replace:
                if (there.source, there.columns) != (accepted.source, accepted.columns):
                    raise TakenError
                return
        elif sum(1 for entry in os.scandir(folder) if entry.name.endswith(_ENDING)) >= MOST:
            raise FullError(MOST)
        elif sum(one.tenant == accepted.tenant for one in adopted(settings)) >= MOST_OF_ONE and accepted.tenant:
            raise FullError(MOST_OF_ONE)
        try:
            with open(new, "w", encoding="utf-8", opener=_for_owner) as file:
                file.write(accepted.model_dump_json(indent=1))
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, place)
        finally:
            new.unlink(missing_ok=True)
    _sync(folder)


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def contract_of(accepted: Adopted) -> Contract:
    """The contract of the table that it fills."""
    return _contract(accepted.model_dump_json())


@lru_cache(maxsize=MOST)
def _contract(document: str) -> Contract:
    import polars as pl

    from lakehouse_assets.lakehouse.contract import SELDOM, Contract, TableModel, Timestamp, column, day

    types: dict[str, Any] = {
        "VARCHAR": pl.String, "BIGINT": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean, "DATE": pl.Date,
        "TIMESTAMP": Timestamp, "DECIMAL(18,4)": Annotated[pl.Decimal, 18, 4],
    }  # fmt: skip
    accepted = Adopted.model_validate_json(document)
    model = type(
        "".join(part.capitalize() for part in f"{accepted.name}_raw".split("_")),
        (TableModel,),
        {
            "__annotations__": {c.name: types[c.type] for c in accepted.columns},
            "__doc__": accepted.description,
            "__module__": __name__,
            **{c.name: column(c.description, nullable=c.nullable) for c in accepted.columns},
        },
    )
    return Contract(
        model=model, table=accepted.table.partition(".")[2], layer="bronze", domain=accepted.name,
        key=tuple(accepted.key), grain=accepted.grain, partitions=(day(accepted.day),), owner=OWNER,
        first_day=accepted.first_day, freshness=SELDOM,
    )  # fmt: skip


def contracts(settings: Settings | None = None) -> tuple[Contract, ...]:
    """The contracts of all of them; see `adopted`."""
    return tuple(contract_of(one) for one in adopted(settings))
