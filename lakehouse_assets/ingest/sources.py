"""What a source is: a YAML description of how records become rows of a bronze table.

Belongs here: the whole of that YAML, which kinds there are, reading it, and finding a source by name.
Does not belong here: its parts and what a kind states (described), reading data (readers, fetching, intake), or turning
a source into SQL (mapping).
"""

from __future__ import annotations

import difflib
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from lakehouse_assets import adopted
from lakehouse_assets.declared import DeclarationError, by_name, line_of, problems, read_list
from lakehouse_assets.domains import files_named
from lakehouse_assets.ingest.described import apis, databases, files, kafka
from lakehouse_assets.ingest.described.apis import OfRest
from lakehouse_assets.ingest.described.databases import OfDatabase
from lakehouse_assets.ingest.described.files import OF_TEXT_FILES, OfFiles
from lakehouse_assets.ingest.described.kafka import OfKafka
from lakehouse_assets.ingest.described.kinds import FETCHED, Fetched, Format, SourceKind
from lakehouse_assets.ingest.described.rows import DedupKey, Event, Mapping, ReadAs, Tenant
from lakehouse_assets.ingest.described.texts import DateFormat, DecimalSign, ThousandsSign, Zone
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.values.conversion import Style
from lakehouse_assets.ingest.values.expressions import Expression
from lakehouse_assets.ingest.values.times import TimeStyle

KINDS: dict[str, SourceKind] = {kind.name: kind for kind in (files.KIND, kafka.KIND, databases.KIND, apis.KIND)}
"""Every kind of source; what it states is a base of Source."""
FILE_NAME = "sources.yml"
UNDECIDED = "undecided"
"""The tenant of a draft until a person says whose rows its files hold; nothing is loaded for it."""


def _known_kind(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"there is no kind '{name}'; there are {', '.join(KINDS)}")
    return name


class Source(OfFiles, OfKafka, OfDatabase, OfRest, Mapping):
    """How records of one kind become rows of a bronze table.

    Every raw field is text to the expressions, whatever the format; nested JSON is its JSON text, and
    `attributes.priority` reads inside it. Times without an offset are local times of `time_zone`; of an hour that
    occurs twice the later (standard time) is taken. A value that its column cannot hold exactly is quarantined.
    """

    name: str = Field(
        pattern=r"^[a-z][a-z0-9_]*$", description="Name of the source, and of its folder in the landing folder."
    )
    description: str = Field("", description="What the files are, for people.")
    kind: Annotated[str, AfterValidator(_known_kind)] = Field(
        files.KIND.name, description=f"Where its records are from. {' '.join(k.description for k in KINDS.values())}"
    )
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
    only_tenant: str | None = Field(None, exclude=True, description="The tenant whose draft it is, if it is one's.")

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        """Accept a plain list as `dedup_key`, and a plain text as a constant `tenant`."""
        if isinstance(data, dict):
            if isinstance(data.get("dedup_key"), list):
                data = {**data, "dedup_key": {"fields": data["dedup_key"]}}
            if isinstance(data.get("tenant"), str):
                data = {**data, "tenant": {"constant": data["tenant"]}}
            data = cls._of_its_kind(data)
        return data

    @classmethod
    def _of_its_kind(cls, data: dict[str, Any]) -> dict[str, Any]:
        kind = KINDS.get(str(data.get("kind", files.KIND.name)))
        if kind is None:
            return data
        kind.refuse_unfit(data, data.get("format"), KINDS.values())
        return {**data, "format": FETCHED} if kind.fetches else data

    @model_validator(mode="after")
    def _names_once(self) -> Source:
        names = [e.name for e in self.events]
        if len(set(names)) != len(names):
            raise ValueError("events: two events have the same name")
        return self

    @model_validator(mode="after")
    def _known_again(self) -> Source:
        if self.dedup_key.occurrence and self.fetches and self.fetches.may_repeat:
            raise ValueError("dedup_key: a record may be read twice, so that occurrence would not tell copies apart")
        return self

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
    def fetches(self) -> Fetched | None:
        """Where it gets its records from by itself when it is loaded; None where they are brought to it."""
        return getattr(self, self.kind) if KINDS[self.kind].fetches else None

    @property
    def follows(self) -> bool:
        """Whether it reads the changes of a table, as its database sends them."""
        return self.database is not None and self.database.publication is not None

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
        return self.in_format("ndjson")

    def in_format(self, name: Format) -> Source:
        """The source for records that come in another format than its files; of their bytes it says nothing."""
        if self.format == name:
            return self
        of_files = {said: Source.model_fields[said].get_default(call_default_factory=True) for said in OF_TEXT_FILES}
        return self.model_copy(update={"format": name, **of_files})

    @cached_property
    def fields(self) -> list[str]:
        """Raw fields the source reads, sorted."""
        of_tenant = Expression(self.tenant.expression).fields if self.tenant and self.tenant.expression else ()
        return sorted({*self.fields_of_rows, *of_tenant})

    @property
    def mapped_columns(self) -> set[str]:
        """The columns that the source says, in any of its rows."""
        return {name for row in self.rows for name in (*row.columns, *row.constants)}

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
    return by_name(files_named(FILE_NAME), read_sources, "source", SourceError)


def accepted_sources() -> dict[str, Source]:
    """Every draft of a source that was accepted and is no domain's yet, by name; files sent over HTTP fill them."""
    known = all_sources()
    return {one.name: _accepted(one) for one in adopted.adopted() if one.name not in known}


def _accepted(one: adopted.Adopted) -> Source:
    source = Source.model_validate(one.source)
    return source.model_copy(update={"origin": f"the accepted draft {one.name}", "only_tenant": one.tenant})


def find_any_source(name: str | None) -> Source:
    """The source of this name, from the domains or of a draft that was accepted.

    Raises:
        SourceError: there is none.
    """
    return accepted_sources().get(name or "") or find_source(name)


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
    if name and not mapping and name in accepted_sources():
        raise SourceError(
            f"source '{name}' is a draft that was accepted: it takes files sent to the service. `asklake new-domain "
            f"{name} --from FILE` makes a domain of it, for everything else."
        )
    where = str(mapping) if mapping else "any domain"
    known = ", ".join(sorted(sources)) or "none"
    near = difflib.get_close_matches(name or "", sources, n=1)
    meant = f" (did you mean '{near[0]}'?)" if near else ""
    raise SourceError(f"there is no source '{name or ''}' in {where}{meant}; known: {known}.")
