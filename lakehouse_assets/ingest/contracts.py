"""Contracts of the tables that ingestion keeps about itself: loads, quarantine and its resolutions.

What these tables are, not how they are filled: that is in loader.py and quarantine.py.
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.lakehouse.contract import DAILY, SELDOM, Contract, TableModel, Timestamp, column, day, rule

DOMAIN = "platform"
OWNER = "team:data-platform"

FORMS = ("record", "escaped", "cut")
"""How raw_text holds a record: verbatim; with undecodable bytes written as \\xNN; or only its beginning."""


class Loads(TableModel):
    """Every file that was loaded, and what became of its records."""

    load_id: pl.String = column("Identifier of the load.")
    source: pl.String = column("Name of the source definition the file was read with.")
    target_table: pl.String = column("Table the records went to, as layer.table.")
    source_file: pl.String = column(
        "Path or URL of the file, records://KEY of what a program pushed, log://LOG/PARTITION/FIRST-END of events, "
        "kafka://TOPIC/ID/PARTITION/FIRST-END of messages, "
        "database://SOURCE/TABLE or cursor://SOURCE/… of rows of a database, changes://SOURCE/… of its changes; for a "
        "replay, what was replayed."
    )
    content_sha256: pl.String = column(
        "SHA-256 of the bytes of the file, as they lie in storage; of pushed records, of their texts."
    )
    tenant_id: pl.String = column("Tenant the caller named for the whole file, if any.", nullable=True)
    bytes: pl.Int64 = column("Size of the file as it lies in storage, in bytes.", ge=0)
    rows_read: pl.Int64 = column("Records found in the file.", ge=0)
    rows_loaded: pl.Int64 = column("Records that went to the target table.", ge=0)
    rows_quarantined: pl.Int64 = column("Records that went to quarantine.", ge=0)
    first_day: pl.Date = column("Earliest day partition that received rows, in the project's zone.", nullable=True)
    last_day: pl.Date = column("Latest day partition that received rows, in the project's zone.", nullable=True)
    loaded_at: Timestamp = column("When the file was loaded, in UTC; later than every load published before.")
    publication_id: pl.String = column("Publication that made the load visible.")
    mapping_sha256: pl.String = column(
        "SHA-256 of what the source definition said of rows; empty for loads from before it was noted.", nullable=True
    )


class Quarantine(TableModel):
    """Every record that could not be loaded, why, and its text, so that it can be replayed after a fix."""

    quarantine_id: pl.String = column("Identifier of the quarantined record: MD5 of load and record number.")
    load_id: pl.String = column("Load that met the record.")
    source: pl.String = column("Name of the source definition the record was read with.")
    target_table: pl.String = column("Table the record was meant for, as layer.table.")
    source_file: pl.String = column("File the record was read from.")
    line: pl.Int64 = column("Line of the file the record begins on, from 1; empty for Parquet.", nullable=True, ge=1)
    source_row: pl.Int64 = column("Number of the record in the file, from 1.", nullable=True, ge=1)
    column_name: pl.String = column("First column of the target table that could not be filled.", nullable=True)
    reason: pl.String = column("What is wrong with the record, in words.")
    raw_text: pl.String = column("The record as it was received, at most 1 MiB of it.")
    form: pl.String = column("How raw_text holds the record: record, escaped or cut.", isin=FORMS)
    header: pl.String = column("Header line of the CSV file the record is from.", nullable=True)
    occurrence: pl.Int64 = column("Which of several equal records of its file it is, from 1.", nullable=True)
    tenant_id: pl.String = column("Tenant the caller named for the whole file, if any.", nullable=True)
    loaded_at: Timestamp = column("When the record was quarantined, in UTC.")
    cause: pl.String = column("The reason without the values of the record, to count by.", nullable=True)


class QuarantineResolutions(TableModel):
    """How quarantined records were settled; a record without a row here is still open."""

    quarantine_id: pl.String = column("The quarantined record.")
    resolved_at: Timestamp = column("When it was settled, in UTC.")
    load_id: pl.String = column("Load that settled it.")
    outcome: pl.String = column("What became of it: loaded.")


LOADS = Contract(
    model=Loads,
    table="loads",
    days_of_utc=True,
    layer="bronze",
    domain=DOMAIN,
    key=("load_id",),
    grain="One row per load.",
    owner=OWNER,
    freshness=DAILY,
    rules=(
        rule(
            "no_record_lost",
            "rows_read = rows_loaded + rows_quarantined",
            description="Every record read was either loaded or quarantined.",
        ),
    ),
)

QUARANTINE = Contract(
    model=Quarantine,
    table="quarantine",
    days_of_utc=True,
    layer="bronze",
    domain=DOMAIN,
    key=("quarantine_id",),
    grain="One row per record that could not be loaded.",
    partitions=(day("loaded_at"),),
    owner=OWNER,
    freshness=SELDOM,
)

RESOLUTIONS = Contract(
    model=QuarantineResolutions,
    table="quarantine_resolutions",
    days_of_utc=True,
    layer="bronze",
    domain=DOMAIN,
    key=("quarantine_id",),
    grain="One row per quarantined record that was settled.",
    owner=OWNER,
    freshness=SELDOM,
)

CONTRACTS: tuple[Contract, ...] = (LOADS, QUARANTINE, RESOLUTIONS)


def written_by_loads_into(target: str) -> tuple[str, str, str]:
    """The tables that a load writes in one publication: the target's rows, its quarantine and its note."""
    return target, LOADS.identifier, QUARANTINE.identifier
