"""What a source is: a YAML description of how records become rows of a bronze table.

Belongs here: the model of that YAML, reading it, and finding a source by name.
Does not belong here: reading data files (readers), or turning a source into SQL (mapping).
"""

from __future__ import annotations

import codecs
import difflib
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from lakehouse_assets.declared import DeclarationError, line_of, problems, read_list
from lakehouse_assets.ingest.described import Database
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.readers.csv.dialect import Dialect
from lakehouse_assets.ingest.readers.csv.header import Layout
from lakehouse_assets.ingest.values.conversion import Style
from lakehouse_assets.ingest.values.expressions import Expression
from lakehouse_assets.ingest.values.times import TimeStyle, time_format

Format = Literal["csv", "json", "ndjson", "parquet"]
DOMAINS_FOLDER = Path(__file__).resolve().parent.parent / "domains"
FILE_NAME = "sources.yml"
FETCHED: Format = "ndjson"
"""How records that are fetched count where the format matters: each field has its own text, as in JSON."""
UNDECIDED = "undecided"
"""The tenant of a draft until a person says whose rows its files hold; nothing is loaded for it."""


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be a text or a number")
    return str(value)


def _valid_expression(text: str) -> str:
    _ = Expression(text).tree
    return text


def _valid_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"'{name}' is no time zone; use an IANA name such as Europe/London") from error
    return name


def _valid_encoding(name: str) -> str:
    try:
        "a".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError) as error:
        raise ValueError(f"'{name}' is no encoding that Python knows, such as utf-8, latin-1 or cp1252") from error


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


def _valid_start(text: str) -> str:
    if text in ("earliest", "latest"):
        return text
    try:
        if datetime.fromisoformat(text).tzinfo:
            return text
    except ValueError:
        pass
    raise ValueError(f"'{text}' is neither earliest nor latest nor a time with an offset, as 2026-06-30T00:00:00Z")


def _valid_format(text: str) -> str:
    time_format(text)
    return text


Sql = Annotated[str, BeforeValidator(_text), AfterValidator(_valid_expression)]
Zone = Annotated[str, AfterValidator(_valid_zone)]
Encoding = Annotated[str, AfterValidator(_valid_encoding)]
Delimiter = Annotated[str, BeforeValidator(_character), AfterValidator(_on_one_line)]
Special = Annotated[str | None, BeforeValidator(_character), AfterValidator(_one_ascii)]
Mark = Annotated[str | None, BeforeValidator(_character), AfterValidator(_on_one_line)]
DateFormat = Annotated[str, AfterValidator(_valid_format)]
DecimalSign = Literal[".", ","]
ThousandsSign = Literal["", ".", ",", " ", "'", "’", "_"]
Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")]
Start = Annotated[str, AfterValidator(_valid_start)]
Constant = Annotated[str, BeforeValidator(_text)]
CSV_ONLY = ("delimiter", "quote", "escape", "comment", "header", "names", "skip_lines", "skip_last_lines")
"""What only a CSV source may state."""
KAFKA_ONLY = ("topics", "start")
"""What only a source of kind kafka may state."""
OF_TEXT_FILES = (*CSV_ONLY, "encoding")
"""What a source says of the bytes of its files alone."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Tenant(_Part):
    """Where the tenant of a record comes from; without it the caller must name one."""

    constant: str | None = Field(None, description="The same tenant for every record.")
    expression: Sql | None = Field(None, description="Expression over the raw fields.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Tenant:
        if (self.constant is None) == (self.expression is None):
            raise ValueError("say either constant or expression")
        return self


class DedupKey(_Part):
    """What makes two records copies of one another, within a tenant."""

    fields: list[Sql] = Field(min_length=1, description="Expressions over the raw fields.")
    occurrence: bool = Field(
        False,
        description="Whether equal keys in one file are different records: the first, the second, and so on.",
    )


class Mapping(_Part):
    """How columns of the target table are filled."""

    columns: dict[str, Sql] = Field(default_factory=dict, description="Column to expression over the raw fields.")
    constants: dict[str, Constant] = Field(default_factory=dict, description="Column to fixed value.")

    @model_validator(mode="after")
    def _each_column_once(self) -> Mapping:
        if twice := sorted(self.columns.keys() & self.constants.keys()):
            raise ValueError(f"{', '.join(twice)}: stated under columns and under constants")
        return self


class Event(Mapping):
    """One of the rows a record yields."""

    name: str = Field(description="What tells the rows of one record apart; part of the deduplication key.")
    when: Sql = Field(
        default="true", description="Condition over the raw fields under which the record yields this row."
    )


class ReadAs(_Part):
    """How the texts of one column are read, where otherwise than those of the others."""

    time_zone: Zone | None = None
    date_formats: list[DateFormat] | None = None
    decimal_sign: DecimalSign | None = None
    thousands_sign: ThousandsSign | None = None


class Source(Mapping):
    """How records of one kind become rows of a bronze table.

    Every raw field is text to the expressions, whatever the format; nested JSON is its JSON text, and
    `attributes.priority` reads inside it. Times without an offset are local times of `time_zone`; of an hour that
    occurs twice the later (standard time) is taken. A value that its column cannot hold exactly is quarantined.
    """

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Name of the source, and of its folder in the landing folder."
    )
    description: str = Field("", description="What the files are, for people.")
    kind: Literal["file", "kafka", "database"] = Field(
        "file",
        description="`kafka` where its records are the messages of topics; they may come by files and events, too. "
        "`database` where they are the rows of one.",
    )
    topics: list[Topic] = Field(default_factory=list, description="Kafka: the topics that its messages are read from.")
    start: Start = Field(
        "earliest", description="Kafka: where a topic is begun with: `earliest`, `latest`, or a time with an offset."
    )
    database: Database | None = Field(None, description="Of kind `database`: what is read of which.")
    format: Format = Field(description="`csv`, `json`, `ndjson` or `parquet`; none of kind `database`.")
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
    target: str = Field(
        pattern=r"^bronze\.[a-z][a-z0-9_]*$", description="Table of the rows, as `bronze.service_events_raw`."
    )
    tenant: Tenant | None = Field(
        None, description="Whose the records are: a name, or one of the two below; none where `--tenant` says it."
    )
    time_zone: Zone = Field("UTC", description="Zone of times without an offset, as `Asia/Kolkata`.")
    date_formats: list[DateFormat] = Field(
        default_factory=list, description="Formats tried before ISO 8601, in this order (strptime notation)."
    )
    beyond_microseconds: Literal["refuse", "cut"] = Field(
        "refuse", description="What happens to a time with digits beyond microseconds, which no table holds."
    )
    decimal_sign: DecimalSign = Field(".", description="What stands before the fraction of a number.")
    thousands_sign: ThousandsSign = Field("", description="What may stand between groups of digits of a number.")
    read_as: dict[str, ReadAs] = Field(
        default_factory=dict, description="Column of the target to how its texts are read, where differently."
    )
    null_values: list[str] = Field([""], description="Raw texts that mean 'no value'.")
    optional: list[str] = Field(default_factory=list, description="Raw fields a file may lack.")
    dedup_key: DedupKey = Field(description="What makes two records copies of one another: a list of expressions.")
    events: list[Event] = Field(
        default_factory=list, description="Rows that a record yields, each with columns and constants of its own; "
        "one row where there are none."
    )  # fmt: skip
    undecided: list[str] = Field(
        default_factory=list, description="What a draft could not tell from its files; nothing is loaded until each is "
        "decided and its line taken out."
    )  # fmt: skip
    origin: str = Field("", exclude=True, description="File the source was read from.")
    tenant_line: int = Field(0, exclude=True, description="Line of that file where its tenant stands.")
    undecided_line: int = Field(0, exclude=True, description="Line of that file where `undecided` stands.")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        """Accept a plain list as `dedup_key`, and a plain text as a constant `tenant`."""
        if isinstance(data, dict):
            if isinstance(data.get("dedup_key"), list):
                data = {**data, "dedup_key": {"fields": data["dedup_key"]}}
            if isinstance(data.get("tenant"), str):
                data = {**data, "tenant": {"constant": data["tenant"]}}
            if data.get("kind") == "database":
                if "format" in data:
                    raise ValueError("format: a source of kind database has none")
                data = {**data, "format": FETCHED}
        return data

    @model_validator(mode="after")
    def _says_where(self) -> Source:
        if (self.kind == "database") != (self.database is not None):
            raise ValueError("database: a source of kind database states what it reads, and no other does")
        return self

    @model_validator(mode="after")
    def _names_once(self) -> Source:
        names = [e.name for e in self.events]
        if len(set(names)) != len(names):
            raise ValueError("events: two events have the same name")
        return self

    @model_validator(mode="after")
    def _readable_csv(self) -> Source:
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

    @model_validator(mode="after")
    def _complete_kafka(self) -> Source:
        stated = [name for name in KAFKA_ONLY if name in self.model_fields_set]
        if stated and self.kind != "kafka":
            raise ValueError(f"{', '.join(stated)}: only a source of kind kafka has it")
        if self.kind == "kafka" and not self.topics:
            raise ValueError("topics: a source of kind kafka names at least one topic")
        if self.kind == "kafka" and self.format not in ("json", "ndjson"):
            raise ValueError("format: a message of Kafka is read as json")
        if len(set(self.topics)) != len(self.topics):
            raise ValueError("topics: a topic is named twice")
        return self

    @cached_property
    def csv_layout(self) -> Layout:
        """How a CSV file of the source is read."""
        # A quote that escapes quotes is one that is doubled, which is always understood.
        escape = None if self.escape == self.quote else self.escape
        dialect = Dialect(self.delimiter, self.quote, escape, self.comment)
        return Layout(dialect, self.header, tuple(self.names), self.skip_lines, self.skip_last_lines)

    @model_validator(mode="after")
    def _signs_differ(self) -> Source:
        for name in (None, *self.read_as):
            style = self.style(name)
            if style.decimal_sign == style.thousands_sign:
                where = f"read_as.{name}: " if name else ""
                raise ValueError(f"{where}decimal_sign and thousands_sign are the same, '{style.decimal_sign}'")
        return self

    def style(self, column: str | None = None) -> Style:
        """How texts write numbers and times: those of a column of the target, or of no certain one."""
        own = self.read_as.get(column or "", ReadAs())
        formats = self.date_formats if own.date_formats is None else own.date_formats
        return Style(
            own.decimal_sign or self.decimal_sign,
            self.thousands_sign if own.thousands_sign is None else own.thousands_sign,
            TimeStyle(own.time_zone or self.time_zone, tuple(formats), self.beyond_microseconds == "cut"),
        )

    @property
    def fetches(self) -> bool:
        """Whether it gets its records by itself when it is loaded."""
        return self.database is not None

    @cached_property
    def rows(self) -> list[Event]:
        """What a record yields, each with its whole mapping; one unnamed row where no events are stated."""
        if not self.events:
            return [Event(name="", when="true", columns=self.columns, constants=self.constants)]
        return [
            e.model_copy(
                update={
                    "columns": {**{k: v for k, v in self.columns.items() if k not in e.constants}, **e.columns},
                    "constants": {**{k: v for k, v in self.constants.items() if k not in e.columns}, **e.constants},
                }
            )
            for e in self.events
        ]

    @cached_property
    def for_json(self) -> Source:
        """The source for records that come as JSON texts, whatever the format of its files."""
        if self.format == "ndjson":
            return self
        of_files = {name: Source.model_fields[name].get_default(call_default_factory=True) for name in OF_TEXT_FILES}
        return self.model_copy(update={"format": "ndjson", **of_files})

    @cached_property
    def fields(self) -> list[str]:
        """Raw fields the source reads, sorted."""
        of_tenant = Expression(self.tenant.expression).fields if self.tenant and self.tenant.expression else ()
        return sorted({*self.fields_of_rows, *of_tenant})

    @cached_property
    def fields_of_rows(self) -> list[str]:
        """Those that it reads for more than to tell the tenant, sorted."""
        texts = list(self.dedup_key.fields)
        for row in self.rows:
            texts += [row.when, *row.columns.values()]
        return sorted({f for text in texts if text for f in Expression(text).fields})


def read_sources(path: Path) -> list[Source]:
    """Read a sources file: `sources:` with a list, or a single source.

    Raises:
        SourceError: the file is missing or wrong; the message names file, line and field.
    """
    state = path.stat() if path.is_file() else None
    return list(_read_sources(path, (state.st_mtime_ns, state.st_size) if state else None))


@lru_cache(maxsize=64)
def _read_sources(path: Path, _version: tuple[int, int] | None) -> tuple[Source, ...]:
    try:
        entries, places, node = read_list(path, "sources", as_written=True)
    except DeclarationError as error:
        raise SourceError(str(error)) from error
    return tuple(_source(path, node, entry, place) for entry, place in zip(entries, places, strict=True))


def _source(path: Path, node: Any, entry: Any, place: list[Any]) -> Source:
    try:
        return Source.model_validate(entry).model_copy(
            update={
                "origin": str(path),
                "tenant_line": line_of(node, [*place, "tenant"]),
                "undecided_line": line_of(node, [*place, "undecided"]),
            }
        )
    except ValidationError as error:
        raise SourceError(problems(path, node, place, error, "source")) from error


def all_sources() -> dict[str, Source]:
    """Every source of every domain, by name.

    Raises:
        SourceError: a file is wrong, or two sources share a name.
    """
    found: dict[str, Source] = {}
    for path in sorted(DOMAINS_FOLDER.glob(f"*/{FILE_NAME}")):
        for source in read_sources(path):
            if source.name in found:
                raise SourceError(f"{path}: source '{source.name}' is already stated in {found[source.name].origin}.")
            found[source.name] = source
    return found


def find_source(name: str | None = None, mapping: Path | None = None) -> Source:
    """The source of this name, from the domains or from the file `mapping`.

    Raises:
        SourceError: there is none, or the name is needed and missing.
    """
    sources = {s.name: s for s in read_sources(mapping)} if mapping else all_sources()
    if name is None and len(sources) == 1:
        return next(iter(sources.values()))
    if name in sources:
        return sources[name]
    where = str(mapping) if mapping else "any domain"
    known = ", ".join(sorted(sources)) or "none"
    near = difflib.get_close_matches(name or "", sources, n=1)
    meant = f" (did you mean '{near[0]}'?)" if near else ""
    raise SourceError(f"there is no source '{name or ''}' in {where}{meant}; known: {known}.")
