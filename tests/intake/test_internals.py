"""What fastavro does not call public still reads as its public reader does, `schemaless_reader` in Python."""

from __future__ import annotations

import io

import fastavro

from lakehouse_assets.intake import _internals
from tests.intake.test_values import ORDER, VALUE


def test_the_reader_in_python_reads_as_the_compiled_one_does():
    schema, out = fastavro.parse_schema(ORDER), io.BytesIO()
    fastavro.schemaless_writer(out, schema, VALUE)
    assert _internals.read_in_python(io.BytesIO(out.getvalue()), schema, None) == VALUE
    assert _internals.read_in_python.__module__ == "fastavro._read_py"
