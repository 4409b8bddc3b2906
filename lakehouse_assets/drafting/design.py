"""What a domain could be, from what its sample files hold: feeds, their columns, keys, figures and words.

Belongs here: every decision that can be made for a person, so that the person can change it. Does not belong here:
the files that say it (writing, templates).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from shlex import quote

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.columns import COMMA, PLAIN, Finding, findings, key_of, nearly_key
from lakehouse_assets.drafting.edits import Edits
from lakehouse_assets.drafting.samples.sampling import Sample, read_sample
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.sources import UNDECIDED
from lakehouse_assets.lakehouse.zones import NO_ZONE

OWNER = "team:undecided"
"""Until a person says who; a tenant named like the domain would be meant by every question that names its rows."""
CALENDAR_BEGINS = date(2009, 1, 1)
FEW = 50
"""A field with no more different values than this is worth a row each in a summary."""
SUMMARY_DIMENSIONS, SUMMARY_MEASURES, COUNTED = 3, 8, 3
FREE_TEXT_WIDTH = 60
"""Texts longer than this on average are for reading, not for grouping."""
_TENANT_FIELDS = ("tenant_id", "tenant")
_BORN = re.compile(
    r"(^|_)(created|opened|open|ordered|order|invoice|event|submitted|received|started|start|sold|sale)(_|$)"
)
_LATER = re.compile(
    r"(^|_)(updated|modified|closed|close|due|expires?|expiry|birth|end|ended|resolved|resolution|limit)(_|$)"
)
_NOT_SUMMED = re.compile(
    r"(^|_)(price|rate|ratio|percent|pct|share|score|age|days|hours|minutes|seconds|duration|avg|average|mean|median"
    r"|balance|temperature|rank|level)(_|$)"
)
_PLACE = re.compile(r"(^|_)(lat|latitude|lon|lng|longitude|coordinate|year)(_|$)|coordinate")
_POLARS = {
    "VARCHAR": "pl.String", "BIGINT": "pl.Int64", "DOUBLE": "pl.Float64", "BOOLEAN": "pl.Boolean", "DATE": "pl.Date",
    "TIMESTAMP": "Timestamp", "DECIMAL(18,4)": "Amount", "DECIMAL(38,4)": "AmountTotal", "DECIMAL(38,0)": "WholeTotal",
}  # fmt: skip
_TOTALS = {"DECIMAL(18,4)": "DECIMAL(38,4)", "BIGINT": "DECIMAL(38,0)"}


def summed(kind: str) -> str:
    """The SQL type of sums of a type: as wide as engines are exact, so that no number of large values is too much."""
    return _TOTALS.get(kind, kind)


@dataclass(frozen=True)
class Column:
    """A column of a draft table: its name, SQL type, what it is said to mean, and the expression that fills it."""

    name: str
    type: str
    description: str
    nullable: bool = True
    expression: str = ""
    finding: Finding | None = None

    @property
    def polars(self) -> str:
        """The type as contracts write it."""
        return _POLARS[self.type]

    @property
    def label(self) -> str:
        """The name for people."""
        return naming.label(naming.thing_of(self.origin) or self.origin)

    @property
    def origin(self) -> str:
        """The name of the field it holds, or its own."""
        return self.finding.name if self.finding else self.name

    @property
    def synonyms(self) -> list[str]:
        """Other words for it: the plural, and the whole name where the label is a part of it."""
        thing = naming.thing_of(self.origin) or naming.words(self.origin)
        said = [naming.plural(thing), naming.words(self.origin)]
        return [w for w in dict.fromkeys(said) if w and w.lower() != self.label.lower()] or [f"{thing} value"]

    @property
    def identifies(self) -> bool:
        """Whether it has about as many values as rows, or names something."""
        return naming.thing_of(self.origin) is not None


@dataclass(frozen=True)
class Feed:
    """The files of one shape: one source, one table in bronze and silver, one summary in gold."""

    name: str
    domain: str
    sample: Sample
    found: Sequence[Finding] = field(repr=False)
    edits: Edits = field(default_factory=Edits)

    @property
    def file(self) -> str:
        """Name of the sample file."""
        return Path(self.sample.path).name

    @cached_property
    def things(self) -> str:
        """What the rows are, as a plural in words."""
        return naming.plural(naming.singular(naming.words(self.name)))

    @cached_property
    def thing(self) -> str:
        """What one row is, in words."""
        return naming.singular(self.things)

    @property
    def file_things(self) -> str:
        """What the rows are by the name of the file, as a plural in words."""
        return naming.plural(naming.singular(naming.words(naming.snake(self.file.split(".")[0]))))

    @cached_property
    def tenant(self) -> str | None:
        """The field that names the tenant, if there is one."""
        return next((f.field for f in self.found if f.name in _TENANT_FIELDS and f.filled == 1), None)

    @cached_property
    def empty(self) -> list[str]:
        """Fields without a value in the sample; they stay in raw_payload alone."""
        return [f.field for f in self.found if not f.filled]

    @cached_property
    def _key(self) -> tuple[list[str], bool]:
        if self.edits.key is not None:
            return (
                (list(self.edits.key), False) if self.edits.key else ([f.field for f in self.found if f.filled], True)
            )
        return key_of(self.sample, [f for f in self.found if f.field != self.tenant])

    @property
    def key(self) -> list[str]:
        """The fields whose values make a record the same one, as expressions."""
        return [self.sample.expression(name) for name in self._key[0]]

    @property
    def occurrence(self) -> bool:
        """Whether even all fields together do not tell records apart."""
        return self._key[1]

    @cached_property
    def nearly_key(self) -> tuple[str, int] | None:
        """Where records are told apart by nothing but all fields: the field that nearly does, and for how many not."""
        return nearly_key(self.sample, list(self.found)) if self.occurrence else None

    @cached_property
    def _time(self) -> Finding | None:
        if chosen := next((f for f in self.found if f.field == self.edits.time and f.is_time), None):
            return chosen
        times = [f for f in self.found if f.is_time and f.filled >= 0.9]
        return min(times, key=_unlikeliness, default=None)

    @cached_property
    def time(self) -> Column | None:
        """The moment of a row, where the files tell one to the second or minute."""
        if self._time is None:
            return Column(
                "recorded_at", "TIMESTAMP", "When the row counts as recorded; the files do not say it.", False
            )
        if self._time.type == "DATE":
            return None
        return self._column(self._time, "TIMESTAMP", f"{naming.label(self._names[self._time.field])}, in UTC.")

    @cached_property
    def day(self) -> Column:
        """The day of a row, by which its tables are partitioned."""
        if self._time is not None and self._time.type == "DATE":
            return self._column(self._time, "DATE", f"{naming.label(self._names[self._time.field])}: a day.")
        assert self.time is not None
        stem = re.sub(r"_(at|on|time|timestamp|ts|date|datetime|value)$", "", self.time.name)
        name = naming.unused(f"{stem}_day", self._names.values())
        return Column(name, "DATE", f"Day of {self.time.name}, in the project's zone.", nullable=False)

    @property
    def recorded_at(self) -> str:
        """The moment all rows are given where the files tell none: when the file was made, as far as that is known."""
        path = Path(self.sample.path)
        made = datetime.fromtimestamp(path.stat().st_mtime).date() if path.exists() else CALENDAR_BEGINS
        return f"{made} 00:00:00"

    @cached_property
    def _names(self) -> dict[str, str]:
        names = naming.columns_for(f.field for f in self.found if f.filled and f.field != self.tenant)
        return {field: self.edits.names.get(field, name) for field, name in names.items()}

    def _column(self, found: Finding, kind: str, description: str) -> Column:
        return Column(self._names[found.field], kind, description, False, found.expression, found)

    @cached_property
    def values(self) -> list[Column]:
        """The columns that hold the fields, but for the time."""
        taken = self._time.field if self._time else None
        key = set(self._key[0]) if not self.occurrence else set()
        return [
            Column(name, f.type, _described(name, f), f.field not in key, f.expression, f)
            for f in self.found
            if (name := self._names.get(f.field)) and f.field != taken
        ]

    @cached_property
    def columns(self) -> list[Column]:
        """The columns of the rows, in order, without what a load adds."""
        tenant = Column("tenant_id", "VARCHAR", f"Tenant the {self.thing} belongs to.", False)
        return [c for c in (self.day, self.time, tenant, *self.values) if c]

    @property
    def mapped(self) -> list[Column]:
        """The columns that a source fills from fields."""
        return [c for c in self.columns if c.expression]

    @cached_property
    def date_formats(self) -> list[str]:
        """Formats that its times need beside ISO 8601: those of the first field that needs any."""
        return list(next((f.date_formats for f in self.found if f.date_formats), ()))

    @cached_property
    def undecided_dates(self) -> list[str]:
        """Fields whose days and months could be the other way round, as far as the sample tells."""
        return [f.field for f in self.found if f.rivals]

    @cached_property
    def signs(self) -> tuple[str, str]:
        """Decimal and thousands sign of its numbers: those of the first field with others than SQL's."""
        return next((f.signs for f in self.found if f.signs != PLAIN), PLAIN)

    @cached_property
    def undecided_signs(self) -> list[str]:
        """Fields whose point could be between thousands or before a fraction, as far as the sample tells."""
        return [f.field for f in self.found if f.either] if self.signs == COMMA else []

    @property
    def questions(self) -> list[str]:
        """What the files do not tell, and would be loaded wrongly if it were guessed."""
        dates = f"date_formats: day or month first, in {', '.join(self.undecided_dates)}"
        signs = f"decimal_sign: whether the point is between thousands, in {', '.join(self.undecided_signs)}"
        return [
            *(question for question in self.sample.questions if question not in self.edits.confirmed),
            *([dates] if self.undecided_dates else []),
            *([signs] if self.undecided_signs else []),
        ]

    @cached_property
    def read_as(self) -> dict[str, dict[str, object]]:
        """Columns whose texts are read otherwise than those of the others, and how."""
        found = {c.name: self._otherwise(c.finding) for c in self.mapped if c.finding}
        return {name: stated for name, stated in found.items() if stated}

    def _otherwise(self, found: Finding) -> dict[str, object]:
        stated: dict[str, object] = {}
        if found.date_formats and list(found.date_formats) != self.date_formats:
            stated["date_formats"] = list(found.date_formats)
        fractional = found.is_number and found.type != "BIGINT" and not (found.either and self.signs == COMMA)
        if fractional and found.signs != self.signs:
            stated |= {"decimal_sign": found.signs[0], "thousands_sign": found.signs[1]}
        return stated

    @cached_property
    def null_values(self) -> list[str]:
        """Texts that mean 'no value', if there are others than an empty one."""
        marks = sorted({m for f in self.found for m in f.null_marks})
        return ["", *marks] if marks else []

    @cached_property
    def dimensions(self) -> list[Column]:
        """What rows can be grouped by."""
        return [
            c
            for c in self.values
            if c.type in ("VARCHAR", "BOOLEAN")
            and c.finding
            and not c.finding.structured
            and c.finding.width <= FREE_TEXT_WIDTH
        ]

    @cached_property
    def summary_dimensions(self) -> list[Column]:
        """What the summary in gold is split by: a few fields with few values."""
        few = [
            c
            for c in self.dimensions
            if c.nullable and c.finding and 2 <= c.finding.distinct <= FEW and not c.identifies
        ]
        return few[:SUMMARY_DIMENSIONS]

    @cached_property
    def measures(self) -> list[Column]:
        """Numbers that can be summed."""
        return [c for c in self.numbers if not _NOT_SUMMED.search(c.name)]

    @property
    def summary_measures(self) -> list[Column]:
        """Those that the summary in gold has."""
        return self.measures[:SUMMARY_MEASURES]

    @cached_property
    def numbers(self) -> list[Column]:
        """Numbers that say how much, not which."""
        numbers = [c for c in self.values if c.finding and c.finding.is_number]
        return [c for c in numbers if not c.identifies and not _PLACE.search(c.name)]

    @cached_property
    def counted(self) -> list[Column]:
        """Identifiers of other things than the row itself, whose different values are worth counting."""
        own = set(self._key[0]) if len(self._key[0]) == 1 else set()
        return [c for c in self.dimensions if c.identifies and c.finding and c.finding.field not in own][:COUNTED]


@dataclass(frozen=True)
class Design:
    """A draft of a domain."""

    name: str
    feeds: Sequence[Feed]
    owner: str = OWNER
    tenant: str = UNDECIDED
    zone: str = NO_ZONE
    """The zone of times in the files that state none."""

    @property
    def words(self) -> str:
        """The name for people."""
        return naming.words(self.name)

    @property
    def first_day(self) -> date:
        """The first day for which there may be data: far enough back, for a sample is not all there is."""
        firsts = [f.first.date().replace(month=1, day=1) for feed in self.feeds for f in feed.found if f.first]
        return min([CALENDAR_BEGINS, *firsts])

    def next_commands(self, files: Sequence[str]) -> list[str]:
        """What a person runs once the draft is written, to have a file of each feed loaded and asked about."""
        loads = [
            f"asklake ingest {quote(file)} --source {feed.name}" for file, feed in zip(files, self.feeds, strict=True)
        ]  # fmt: skip
        question = f'asklake ask "How many {self.feeds[0].things} are there by month?"'
        return ["asklake check", *loads, "asklake materialize", question]


def design(
    name: str, files: Sequence[str], edits: Edits | None = None, tenant: str = UNDECIDED, *, zone: str = NO_ZONE
) -> Design:
    """Look at sample files and draft a domain; files with the same fields are samples of one feed.

    Args:
        name: Name of the domain.
        files: The files.
        edits: What a person decided of its feeds.
        tenant: Whose the records are.
        zone: The zone of their times that state none: that of the project, for people write the times of where they
            are.

    Raises:
        IngestError: a file cannot be read, or holds no records.
    """
    shapes: dict[tuple[object, ...], Sample] = {}
    for path in files:
        sample = read_sample(path)
        first = shapes.get(sample.shape)
        shapes[sample.shape] = first.and_also(sample) if first else sample
    single = len(shapes) == 1
    feeds: list[Feed] = []
    decided = edits or Edits()
    for sample in shapes.values():
        stem = Path(sample.path).name.split(".")[0]
        feed = name if single else naming.unused(f"{name}_{naming.snake(stem)}", [f.name for f in feeds])
        bare = {field: sample.expression(field) for field in sample.fields}
        feeds.append(Feed(feed, name, sample, decided.applied(findings(sample), bare), decided))
    for feed in feeds:
        if not feed.values:
            raise IngestError(
                feed.sample.path, "it has nothing but times and tenants", hint="Give a file with more fields."
            )
    return Design(name, feeds, tenant=tenant, zone=zone)


def _unlikeliness(found: Finding) -> tuple[bool, bool, float]:
    """How little a field seems to be when the row came to be; the first of equals in the file wins."""
    return bool(_LATER.search(found.name)), not _BORN.search(found.name), -found.filled


def _described(name: str, found: Finding) -> str:
    """What the sample says of a field, as a sentence to begin with."""
    said = naming.label(name)
    short = found.distinct <= FEW and found.width <= 20 and not found.structured
    if found.type == "VARCHAR" and short and found.examples:
        return f"{said}, such as {', '.join(found.examples[:2])}."
    if found.type == "BOOLEAN":
        return f"Whether {naming.words(name)}."
    return (
        f"{said}: a day." if found.type == "DATE" else f"{said}, in UTC." if found.type == "TIMESTAMP" else f"{said}."
    )
