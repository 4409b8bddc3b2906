"""Whether the changes of a table say all that a source needs of them, and what to do where they do not.

Belongs here: what is known before anything is read. Does not belong here: asking the server (slots), or what one change
lacks (changed_rows).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lakehouse_assets.ingest.fetching.changed_rows import AROUND, OPERATION, REFUSED
from lakehouse_assets.ingest.fetching.slots import TableState
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.shown import listed

EVERYTHING = "insert, update, delete, truncate"


@dataclass(frozen=True)
class Problem:
    """What is wrong, what to do about it, and the column that it is about, if it is about one."""

    words: str
    hint: str
    column: str | None = None


def unfit(source: Source, placing: frozenset[str], table: TableState) -> Iterator[Problem]:
    """Why a source cannot follow a table; nothing where it can.

    Args:
        source: The source.
        placing: Fields that say which record a row is, and where it lies.
        table: The table.
    """
    if OPERATION not in source.fields_of_rows:
        yield Problem(
            f"no column of the source reads {OPERATION}, so a deleted row would look like any other",
            f"Map a column of {source.target} to it, as `is_deleted: {OPERATION} = 'delete'`, and leave such rows out "
            "of silver",
        )
    if source.dedup_key.occurrence:
        yield Problem("dedup_key counts occurrences, which changes of one row are not", "Name the key of the table")
    yield from _unpublished(source, table)
    yield from _misnamed(source, table)
    yield from _unidentified(placing, table)


def lacking(source: Source, required: frozenset[str], table: TableState) -> Iterator[str]:
    """What a source may not learn of a table that it can follow, each with what to do.

    Args:
        source: The source.
        required: Fields without which a row is refused.
        table: The table.
    """
    for kind in EVERYTHING.split(", "):
        if kind not in table.publishes:
            yield f"the publication does not tell of {kind}: alter publication … set (publish = '{EVERYTHING}')"
    if table.is_published and not table.is_named:
        yield (
            "the publication has the table by its schema, or because it has all: it does not tell of rows that change "
            "while the table is in another schema or UNLOGGED. Let its owner name the table in a publication"
        )
    if not table.is_only:
        yield (
            "rows that come or go with a whole partition (attach, detach, drop) are not told: load the table anew "
            "(--anew) after that"
        )
    keys = [c.name for c in table.columns if c.is_key]
    if "delete" in table.publishes and required & {c.name for c in table.columns} - set(keys):
        yield (
            f"of a deleted row it says only {', '.join(keys)}, and the table needs more, so it goes to quarantine: "
            f"alter table {table.name} replica identity full"
        )
    large = sorted(c.name for c in table.columns if c.is_large and c.name in source.fields)
    if large and table.identity != "full" and "update" in table.publishes:
        yield (
            f"an update that leaves a long value of {', '.join(large)} alone does not say it, and goes to quarantine: "
            f"alter table {table.name} replica identity full"
        )


def _unpublished(source: Source, table: TableState) -> Iterator[Problem]:
    described = source.database
    publication = described.publication if described else None
    if not table.is_published:
        root = "" if table.is_only else f"alter publication {publication} set (publish_via_partition_root); "
        yield Problem(
            f"the publication {publication} does not have the table {table.name}",
            f"Let its owner say: {root}alter publication {publication} add table {table.name}",
        )
    published = {c.name for c in table.columns if c.is_published}
    wanted = {*source.fields, *(described.columns if described else ())} - {*AROUND, *source.optional, "_"}
    for name in sorted(wanted - published):
        if name in {c.name for c in table.columns}:
            yield Problem(
                f"the publication does not have the column '{name}'",
                "Add it; one that the database computes is published from PostgreSQL 18 on: before, let the source "
                "compute it",
                name,
            )
        else:
            yield Problem(
                f"there is no column '{name}'; there are {listed(sorted(published))}",
                "Has the table changed? Mend the source; a column that may be missing is listed under 'optional'",
                name,
            )


def _misnamed(source: Source, table: TableState) -> Iterator[Problem]:
    for name in sorted({c.name for c in table.columns} & {*AROUND, REFUSED}):
        yield Problem(
            f"the table has a column '{name}', as changes have", "Rename it in the database, or read by a cursor", name
        )


def _unidentified(placing: frozenset[str], table: TableState) -> Iterator[Problem]:
    if table.other_parts:
        yield Problem(
            f"of partitions the replica identity is another than that of {table.name}: "
            + ", ".join(table.other_parts[:5]),
            f"Let the owner say of each: alter table {table.other_parts[0]} replica identity {table.identity}",
        )
    keys = {c.name for c in table.columns if c.is_key}
    unsaid = sorted(placing & {c.name for c in table.columns} - keys)
    if unsaid and {"update", "delete"} & set(table.publishes):
        yield Problem(
            f"the replica identity of {table.name} is {table.identity}: of a row that is changed or deleted, "
            f"PostgreSQL would not say {', '.join(unsaid)}, by which the source tells and places rows",
            f"Let its owner say: alter table {table.name} replica identity full",
            unsaid[0],
        )
