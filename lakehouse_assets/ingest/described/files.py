"""Sources whose records come as files, uploads or events: their format, and how a CSV file is laid out.

Belongs here: what such a source states. Does not belong here: reading the files (readers).
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lakehouse_assets.ingest.described.kinds import Format, SourceKind
from lakehouse_assets.ingest.described.texts import Encoding, Part
from lakehouse_assets.ingest.readers.csv.dialect import Dialect
from lakehouse_assets.ingest.readers.csv.header import Layout

KIND = SourceKind("file", "`file`: they are the records of files.", formats=("csv", "json", "ndjson", "parquet"))


def _character(value: Any) -> Any:
    """No character where the text is empty or `none`; a tab where it is written with a backslash."""
    return {"": None, "none": None, r"\t": "\t"}.get(value, value) if isinstance(value, str) else value


def _one_ascii(character: str | None) -> str | None:
    if character is not None and (len(character) != 1 or not character.isascii() or character in "\r\n\0"):
        raise ValueError(f"{character!r} is not one ASCII character; 'none' means that there is none")
    return character


def _on_one_line(text: str | None) -> str | None:
    if text is not None and any(character in text for character in "\r\n\0"):
        raise ValueError("must not hold a line end")
    return text


Delimiter = Annotated[str, BeforeValidator(_character), AfterValidator(_on_one_line)]
Special = Annotated[str | None, BeforeValidator(_character), AfterValidator(_one_ascii)]
Mark = Annotated[str | None, BeforeValidator(_character), AfterValidator(_on_one_line)]
CSV_ONLY = ("delimiter", "quote", "escape", "comment", "header", "names", "skip_lines", "skip_last_lines")
"""What only a CSV source may state."""
OF_TEXT_FILES = (*CSV_ONLY, "encoding")
"""What a source says of the bytes of its files alone."""


class OfFiles(Part):
    """The part of a source that says how its files are read."""

    format: Format = Field(
        description="`csv`, `json`, `ndjson` or `parquet`; of messages of Kafka `json`, or `avro` and `json_schema` by "
        "a schema registry, or `raw`; none where a source fetches its records by itself."
    )
    delimiter: Delimiter = Field(
        ",", max_length=8, description='CSV: what parts fields, one character or several; a tab is written as "\\t".'
    )
    quote: Special = Field(
        '"', description="CSV: what encloses a field that holds delimiters or line ends; doubled it stands for itself. "
        "`none` where quotes are text."
    )  # fmt: skip
    escape: Special = Field(
        None, description="CSV: what takes the meaning from a delimiter, quote, line end or itself after it, in quotes "
        "and outside. An unquoted field of it and the letter N is kept as it stands, for `null_values`."
    )  # fmt: skip
    comment: Mark = Field(None, max_length=8, description="CSV: what a line begins with that is no record.")
    header: bool = Field(True, description="CSV: whether the first record holds the names of the fields.")
    names: list[str] = Field(
        default_factory=list,
        description="CSV: the names of the fields in their order, instead of the header's or where there is none.",
    )
    skip_lines: int = Field(0, ge=0, description="CSV: how many lines stand before the header or the first record.")
    skip_last_lines: int = Field(
        0, ge=0, le=1000, description="CSV: how many lines stand after the last record, such as totals; blank lines "
        "at the end are not counted."
    )  # fmt: skip
    encoding: Encoding = Field("utf-8", description="Encoding of a text file, by any name that Python knows.")

    @model_validator(mode="after")
    def _readable_csv(self) -> Self:
        stated = [name for name in CSV_ONLY if name in self.model_fields_set]
        if stated and self.format != "csv":
            raise ValueError(f"{', '.join(stated)}: only a source of format csv has it")
        if not self.delimiter:
            raise ValueError("delimiter: something must part the fields")
        if not self.header and not self.names:
            raise ValueError("names: where there is no header, the source must name the fields")
        if "" in self.names or len(set(self.names)) != len(self.names):
            raise ValueError("names: every field needs a name of its own")
        special = {"quote": self.quote, "escape": self.escape, "comment": self.comment}
        for name, text in special.items():
            if text and (text in self.delimiter or self.delimiter in text):
                raise ValueError(f"{name}: {text!r} is part of the delimiter")
        if self.quote and self.comment and self.comment.startswith(self.quote):
            raise ValueError("comment: a comment must not begin with the quote")
        return self

    @cached_property
    def csv_layout(self) -> Layout:
        """How a CSV file of the source is read."""
        # A quote that escapes quotes is one that is doubled, which is always understood.
        escape = None if self.escape == self.quote else self.escape
        dialect = Dialect(self.delimiter, self.quote, escape, self.comment)
        return Layout(dialect, self.header, tuple(self.names), self.skip_lines, self.skip_last_lines)
