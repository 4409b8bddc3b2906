"""The door into fastavro: what it does not call public, each with the reason.

Belongs here: names for those members, and nothing done with them. Does not belong here: values (values).

`tests/intake/test_internals.py` tells what moved when fastavro is upgraded.
"""

from __future__ import annotations

from fastavro._read_py import schemaless_reader

read_in_python = schemaless_reader
"""Reads as fastavro.schemaless_reader does, but in Python, which bounds how deep values are nested: the compiled reader
ends the process at a value of some ten thousand bytes by a schema that stands in itself."""
