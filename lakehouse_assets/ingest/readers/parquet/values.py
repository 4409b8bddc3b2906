"""Values of Parquet columns for the engine: exact as text, exact as JSON.

Belongs here: the SQL of a column's text and of its JSON, and its arrays. Does not belong here: reading a file (reader),
which Arrow type a column comes in (forms), or what becomes of single values (flat) and of nested ones (nested).

A flat column keeps a type whose text the engine writes exactly. Single values that type cannot hold come beside it as
text, in a column of exceptions. A nested column comes as its JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa

from lakehouse_assets.ingest.readers.parquet.flat import WHOLE_MINUTES, base64_json, flat
from lakehouse_assets.ingest.readers.parquet.forms import Form, Leaf, target_of
from lakehouse_assets.ingest.readers.parquet.nested import Bytes, json_texts, null_text


@dataclass(frozen=True)
class Column:
    """A column of a Parquet file on its way to the engine, as `f<i>`, with its exceptions in `x<i>`."""

    name: str
    index: int
    form: Form
    type: pa.DataType
    leaves: tuple[Leaf, ...]
    zone: ZoneInfo

    @property
    def fields(self) -> list[pa.Field]:
        """The Arrow fields of the column."""
        return [pa.field(f"f{self.index}", self.type), pa.field(f"x{self.index}", pa.string())]

    @property
    def text(self) -> str:
        """SQL of the value as text; NULL for bytes that are none."""
        value = f"f{self.index}"
        plain = f"cast({value} as varchar)"
        if self.form == "real":
            return f"case when isnan({value}) then 'nan' else {plain} end"
        if self.form in ("number", "bytes", "json"):
            return plain
        if self.form == "clock":
            plain = f"{plain} || '+00'"
        if self.form == "instant":
            in_utc = f"cast(timezone('UTC', {value}) as varchar) || '+00'"
            plain = (
                f"case when {value} < timestamptz '{WHOLE_MINUTES}-01-01 00:00:00+00' then {in_utc} else {plain} end"
            )
        return f"coalesce(x{self.index}, {plain})"

    @property
    def json(self) -> str:
        """SQL of the value as JSON text."""
        value = f"f{self.index}"
        if self.form in ("number", "json"):
            return f"coalesce(cast({value} as varchar), 'null')"
        if self.form == "real":
            quoted = f"concat('\"', {self.text}, '\"')"
            return f"case when {value} is null then 'null' when isfinite({value}) then {self.text} else {quoted} end"
        if self.form == "bytes":
            return f"coalesce(x{self.index}, cast(to_json({value}) as varchar), 'null')"
        return f"coalesce(cast(to_json({self.text}) as varchar), 'null')"

    def arrays(self, values: pa.Array, twin: pa.Array | None) -> list[pa.Array]:
        """The column's values and exceptions.

        Args:
            values: As PyArrow read them, INT96 in seconds.
            twin: INT96 in nanoseconds, where there is any.

        Raises:
            pa.ArrowInvalid: a value is none of its type.
        """
        if self.form == "json":
            found, odd = pa.array(self._json_texts(values, base64_json, twin), pa.string()), None
        else:
            found, odd = flat(values, self.leaves[0], twin)
        return [found, pa.nulls(len(values), pa.string()) if odd is None else odd]

    def json_of(self, value: pa.Array, as_json: Bytes, twin: pa.Array | None) -> str:
        """JSON of one value, bytes that are no text as told."""
        return null_text(self._json_texts(value, as_json, twin)[0])

    def _json_texts(self, values: pa.Array, as_json: Bytes, twin: pa.Array | None) -> list[str | None]:
        return json_texts(values, iter(self.leaves), self.zone, as_json, twin)


def column(name: str, index: int, kind: pa.DataType, leaves: Sequence[Leaf], zone: ZoneInfo) -> Column:
    """How a column of an Arrow type comes to the engine."""
    form, target = target_of(kind, leaves[0] if leaves else Leaf())
    return Column(name, index, form, target, tuple(leaves), zone)
