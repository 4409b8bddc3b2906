"""What must change of a table's columns and partitioning for it to be what its contract says, or why that cannot be.

Columns keep their field ids (Iceberg table specification, "Schema Evolution"), no data file is rewritten, and every
older snapshot stays readable under the schema it was made with. Data files name their columns by name only, so a name
stays with the column that had it first, for good.
Belongs here: the comparison, which is pure, and carrying it out in a transaction. Does not belong here: when that
becomes visible (publish), or which rows are replaced (overwrite).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.contract import Column, Contract
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.types import iceberg_type

if TYPE_CHECKING:
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.table import Transaction
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.types import IcebergType, NestedField

EVOLVED = "asklake.evolved"
"""Property of a snapshot: what changed of the table's columns and partitioning with it."""


class SchemaDriftError(Exception):
    """A table cannot become what its contract says without breaking what is there."""


@dataclass(frozen=True)
class Shape:
    """Columns and partitioning of a table: as they are, and every column and partitioning it ever had."""

    schema: Schema
    spec: PartitionSpec
    past_columns: tuple[NestedField, ...] = ()
    past_specs: tuple[PartitionSpec, ...] = ()

    @classmethod
    def of(cls, metadata: TableMetadata) -> Shape:
        """The shape that table metadata describes."""
        past = (field for schema in metadata.schemas for field in schema.fields)
        return cls(metadata.schema(), metadata.spec(), tuple(past), tuple(metadata.partition_specs))


@dataclass(frozen=True)
class Evolution:
    """How a table becomes what its contract says; made by `evolution`.

    Attributes:
        sources: Column of the contract to the table's column that it is; those without one are new.
        dropped: Columns of the table that the contract says it loses.
    """

    contract: Contract
    shape: Shape
    sources: Mapping[str, NestedField]
    dropped: tuple[str, ...]

    @cached_property
    def added(self) -> tuple[Column, ...]:
        """Columns the table does not have yet."""
        return tuple(c for c in self.contract.columns if c.name not in self.sources)

    @property
    def unfilled(self) -> tuple[str, ...]:
        """New columns that may not be missing, although rows from before lack them."""
        return tuple(c.name for c in self.added if not c.nullable)

    @cached_property
    def renamed(self) -> dict[str, str]:
        """Name of a column in the table to its name in the contract, where they differ."""
        return {field.name: name for name, field in self.sources.items() if field.name != name}

    @cached_property
    def widened(self) -> dict[str, IcebergType]:
        """Name of a column in the table to the wider type it gets."""
        wanted = {c.name: iceberg_type(c.type) for c in self.contract.columns}
        return {f.name: wanted[n] for n, f in self.sources.items() if f.field_type != wanted[n]}

    @cached_property
    def described(self) -> dict[str, str]:
        """Name of a column in the table to the new words it is described in."""
        wanted = {c.name: c.description for c in self.contract.columns}
        return {f.name: wanted[n] for n, f in self.sources.items() if f.doc != wanted[n]}

    @cached_property
    def reordered(self) -> bool:
        """Whether columns have to move, once new ones are at the end."""
        names = {f.field_id: n for n, f in self.sources.items()}
        staying = [names[f.field_id] for f in self.shape.schema.fields if f.field_id in names]
        return [*staying, *(c.name for c in self.added)] != list(self.contract.column_names)

    @property
    def reshaped(self) -> bool:
        """Whether anything of the columns changes."""
        return bool(
            self.added or self.dropped or self.renamed or self.widened or self.described or self.reordered
        )  # fmt: skip

    @cached_property
    def repartitioned(self) -> bool:
        """Whether new files are to be partitioned otherwise than those before."""
        have = {(f.source_id, str(f.transform)) for f in self.shape.spec.fields}
        fields = {name: field.field_id for name, field in self.sources.items()}
        return have != {(fields.get(p.column), p.transform) for p in self.contract.partitions}

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return self.reshaped or self.repartitioned

    def __str__(self) -> str:
        """The changes in words, for the history of the table."""
        said = [
            *(f"added {c.name}" for c in self.added),
            *(f"renamed {old} to {new}" for old, new in self.renamed.items()),
            *(f"widened {self.renamed.get(name, name)} to {kind}" for name, kind in self.widened.items()),
            *(f"dropped {name}" for name in self.dropped),
            *(["described columns anew"] if self.described else []),
            *(["moved columns"] if self.reordered else []),
        ]
        if self.repartitioned:
            said.append(f"partitioned by {', '.join(p.name for p in self.contract.partitions) or 'nothing'}")
        return "; ".join(said)

    def as_contract(self, relation: str, engine_type: Callable[[str], str] = str) -> str:
        """SQL that reads a relation with the table's columns as if the table had those of the contract already.

        Args:
            relation: What reads the table, to stand after FROM.
            engine_type: Gives the engine's name of a contract's type; DuckDB's are the same.
        """
        if not self.reshaped:
            return relation
        columns = (
            f"cast({quoted(self.sources[c.name].name) if c.name in self.sources else 'null'} as {engine_type(c.type)}) "
            f"as {quoted(c.name)}"
            for c in self.contract.columns
        )
        return f"(select {', '.join(columns)} from {relation})"


def evolution(contract: Contract, shape: Shape) -> Evolution:
    """Compare a contract with a table.

    Raises:
        SchemaDriftError: the table would lose a column nobody gave up, or hold what its rows cannot be read as.
    """
    found = {c.name: _source(c, shape.schema) for c in contract.columns}
    sources = {name: field for name, field in found.items() if field is not None}
    taken = {field.field_id for field in sources.values()}
    left = [f for f in shape.schema.fields if f.field_id not in taken]
    _refuse_left_out(contract, left, shape)
    for column in contract.columns:
        _refuse_other_type(contract, column, sources.get(column.name))
        _refuse_used_name(contract, column, sources.get(column.name), shape)
    return Evolution(contract, shape, sources, tuple(f.name for f in left))


def _source(column: Column, schema: Schema) -> NestedField | None:
    names = {f.name: f for f in schema.fields}
    return next((names[n] for n in (column.name, *column.formerly) if n in names), None)


def _refuse_left_out(contract: Contract, left: list[NestedField], shape: Shape) -> None:
    partitioned = {p.source_id for spec in (shape.spec, *shape.past_specs) for p in spec.fields}
    for field in left:
        if field.name not in contract.dropped:
            raise SchemaDriftError(
                f"{contract.identifier}: column '{field.name}' is in the table and not in its contract. A column that "
                f"has another name now says so, by formerly=('{field.name}',); one that is given up is listed, by "
                f"dropped=('{field.name}',); any other has to stay"
            )
        if field.field_id in partitioned:
            raise SchemaDriftError(
                f"{contract.identifier}: column '{field.name}' cannot be dropped, for files are partitioned by it. "
                "Keep it as a nullable column, or make a table of another name"
            )


def _refuse_other_type(contract: Contract, column: Column, field: NestedField | None) -> None:
    if field is None or widens(field.field_type, wanted := iceberg_type(column.type)):
        return
    raise SchemaDriftError(
        f"{contract.identifier}: column '{column.name}' is {field.field_type} in the table and {wanted} in its "
        "contract, and what is stored cannot be read as that. Possible are int to long, float to double and more "
        f"digits of a decimal; for anything else add a column of another name and list '{field.name}' in dropped"
    )


def _refuse_used_name(contract: Contract, column: Column, field: NestedField | None, shape: Shape) -> None:
    """Files from before know their columns by name: under an old name they would show another column's values."""
    own = field.field_id if field else None
    if any(past.name == column.name and past.field_id != own for past in shape.past_columns):
        raise SchemaDriftError(
            f"{contract.identifier}: '{column.name}' was the name of another column of this table, and files from then "
            "are still read by it. Give the column a name that was never used"
        )


def widens(have: Any, wanted: Any) -> bool:
    """Whether everything stored as one Iceberg type can be read as the other without rewriting."""
    from pyiceberg.exceptions import ResolveError
    from pyiceberg.schema import promote
    from pyiceberg.types import DecimalType

    if have == wanted:
        return True
    if isinstance(have, DecimalType) and isinstance(wanted, DecimalType) and have.scale != wanted.scale:
        return False  # which `promote` lets pass (pyiceberg 0.12)
    try:
        promote(have, wanted)
    except ResolveError:
        return False
    return True


def evolve(transaction: Transaction, change: Evolution) -> None:
    """Carry out an evolution in a transaction of the table it was found for."""
    if change.reshaped:
        _reshape(transaction, change)
    if change.repartitioned:
        _repartition(transaction, change.contract)


def _reshape(transaction: Transaction, change: Evolution) -> None:
    with transaction.update_schema() as update:
        for name, kind in change.widened.items():
            update.update_column(name, field_type=kind)
        for name, text in change.described.items():
            update.update_column(name, doc=text)
        for old, new in change.renamed.items():
            update.rename_column(old, new)
        for name in change.dropped:
            update.delete_column(name)
        for column in change.added:
            update.add_column(column.name, iceberg_type(column.type), doc=column.description)
        if change.reordered:
            # Columns that were there move by the names they had.
            names = [change.sources[n].name if n in change.sources else n for n in change.contract.column_names]
            update.move_first(names[0])
            for before, name in itertools.pairwise(names):
                update.move_after(name, before)


def _repartition(transaction: Transaction, contract: Contract) -> None:
    schema, spec = transaction.table_metadata.schema(), transaction.table_metadata.spec()
    wanted = {(schema.find_field(p.column).field_id, p.transform): p for p in contract.partitions}
    have = {(f.source_id, str(f.transform)): f for f in spec.fields}
    with transaction.update_spec() as update:
        for key in have.keys() - wanted.keys():
            update.remove_field(have[key].name)
        for partition in (p for key, p in wanted.items() if key not in have):
            update.add_field(partition.column, partition.transform, partition.name)
