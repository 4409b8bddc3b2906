"""Whose fault an error is."""

from __future__ import annotations

import duckdb
import pytest
from requests import ConnectionError as NoConnectionError
from sqlalchemy.exc import OperationalError

from lakehouse_assets.ingest.errors import IngestError, SourceError, WarehouseError
from lakehouse_assets.ingest.faults import befalls_all, is_of_warehouse, of_file
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.nessie.client import NessieError
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, PublicationConflictError

OF_FILE = [
    IngestError("f", "it is empty"), AuditFailedError([]), ValueError("month must be in 1..12"), IndexError(),
    duckdb.ConversionException("Conversion Error: out of range"), duckdb.OutOfMemoryException("Out of Memory Error: x"),
    duckdb.IOException("IO Error: it is a folder"), OSError(5, "Input/output error"), RecursionError("too deep"),
]  # fmt: skip
OF_ALL = [
    SourceError("s"), SchemaDriftError("t"), MemoryError(), OSError(28, "No space left on device"),
    duckdb.IOException('IO Error: Could not write file "x": No space left on device'),
]  # fmt: skip
PASSING = [
    WarehouseError("f", "the disk is full"), PublicationConflictError("moved"), NessieError("no answer"),
    NoConnectionError(), OperationalError("select", {}, Exception("database is locked")),
]  # fmt: skip


@pytest.mark.parametrize("error", OF_FILE, ids=repr)
def test_what_is_of_a_file_befalls_no_other_and_keeps_its_sentence(error):
    assert not befalls_all(error) and not is_of_warehouse(error)
    told = of_file("f.csv", error)
    if isinstance(error, IngestError | AuditFailedError):
        assert told is error
    else:
        assert str(told).startswith("f.csv: it could not be loaded: ") and told.__cause__ is error
        assert (str(error).rstrip(".") or "no reason given") in str(told) and "load it again" in str(told)


@pytest.mark.parametrize("error", OF_ALL + PASSING, ids=repr)
def test_what_befalls_every_file_is_tried_again_only_if_it_may_pass(error):
    assert befalls_all(error)
    assert is_of_warehouse(error) is (error in PASSING)
