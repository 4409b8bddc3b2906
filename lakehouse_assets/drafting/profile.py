"""The profile of a file of which no source is known: its fields read as a draft of its source would read them.

Belongs here: values of the fields by what was found out about each. Does not belong here: what is found out (columns),
or what a profile tells (profiling).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lakehouse_assets.drafting.columns import Finding, findings
from lakehouse_assets.drafting.samples.sampling import MOST_BYTES, RECORDS, Sample, read_sample
from lakehouse_assets.ingest.values.conversion import Style, value
from lakehouse_assets.ingest.values.times import TimeStyle
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.sql import literal, quoted
from lakehouse_assets.profiling.compute import profile_of, small
from lakehouse_assets.profiling.findings import score_of
from lakehouse_assets.profiling.model import Issue, Profile

if TYPE_CHECKING:
    import duckdb

_TEXTS, _VALUES = "file_texts", "file_values"


def profile_of_file(path: str) -> Profile:
    """The profile of the first records of a file: CSV, JSON, NDJSON or Parquet, also gzip or zstd.

    Raises:
        IngestError: the file cannot be read, or nothing in it is a record.
    """
    sample = read_sample(path)
    columns = findings(sample)
    with open_closed() as con:
        con.register(_TEXTS, sample.texts)
        typed = ", ".join(f"{_value(sample, one)} as {quoted(one.field)}" for one in columns)
        con.execute(f"create temp table {_VALUES} as select {typed} from {_TEXTS}")
        found = profile_of(_VALUES, lambda sql: small(con.execute(sql)), DIALECT, table=path)
        unread = _not_of_type(con, columns)
    cut = found.rows >= RECORDS or sample.texts.nbytes >= MOST_BYTES
    found = found.model_copy(update={"issues": (*found.issues, *unread), "more": cut})
    return found.model_copy(update={"score": score_of(found)})


def _value(sample: Sample, one: Finding) -> str:
    """SQL of a field as a value of the type that fits it; NULL where a text is none, or says that there is none."""
    text = one.expression.replace(sample.expression(one.field), quoted(one.field))
    decimal: Literal[".", ","] = "," if one.signs[0] == "," else "."
    style = Style(decimal, one.signs[1], TimeStyle(formats=one.date_formats, cut=True))
    typed = f"try({value(text, one.type, style)})"
    return f"case when {_there(one)} then {typed} end"


def _there(one: Finding) -> str:
    """Whether a field has a value."""
    marks = ", ".join(literal(mark) for mark in ("", *one.null_marks))
    return f"trim({quoted(one.field)}) not in ({marks})"


def _not_of_type(con: duckdb.DuckDBPyConnection, columns: list[Finding]) -> list[Issue]:
    """The fields that hold texts which are no values of the type that fits the others."""
    typed = [one for one in columns if one.type != "VARCHAR"]
    if not typed:
        return []
    counted = ", ".join(f"count(case when {_there(one)} then 1 end)" for one in typed)
    read = ", ".join(f"count({quoted(one.field)})" for one in typed)
    (texts,), (values,) = (
        con.execute(f"select {sql} from {table}").fetchall() for sql, table in ((counted, _TEXTS), (read, _VALUES))
    )
    return [
        Issue(code="not_of_type", message=f"{n - m:,} of its {n:,} texts are no {one.type}", column=one.field)
        for one, n, m in zip(typed, texts, values, strict=True)
        if n > m
    ]
