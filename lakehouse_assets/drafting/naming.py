"""Names out of the names that files have: valid in SQL, YAML and Python, and words for people.

Belongs here: turning one name into another. Does not belong here: which names a domain needs (design).
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import cache

import sqlglot

from lakehouse_assets.ingest.mapping.targets import TECHNICAL
from lakehouse_assets.ingest.values.expressions import names_of_record
from lakehouse_assets.lakehouse.contract import TableModel
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.engines.spec import all_specs
from lakehouse_assets.lakehouse.sql import quoted

MAX_NAME = 40
ID_SUFFIXES = ("id", "key", "no", "nr", "num", "number", "code", "ref", "uuid", "guid")
_METRICFLOW = {
    "metric_time",
    "metric_month",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "hour",
    "minute",
    "second",
    "date",
}
_OWN = {"tenant_id", "row_count", *TECHNICAL}
_VALID = re.compile(r"[a-z][a-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@cache
def reserved() -> frozenset[str]:
    """Names that cannot be a column's: keywords of the engines and of Python, names that table models use."""
    return frozenset(_sql_keywords() | set(keyword.kwlist) | set(dir(TableModel)) | _METRICFLOW | _OWN)


@cache
def _sql_keywords() -> frozenset[str]:
    words = {w.lower() for d in _dialects() for w in d.tokenizer_class.KEYWORDS if w.isalpha()}
    with open_closed() as con:
        rows = con.execute("select keyword_name from duckdb_keywords() where keyword_category <> 'unreserved'")
        return frozenset(words | {name for (name,) in rows.fetchall()})


def _dialects() -> list[type[sqlglot.Dialect]]:
    """Those that sqlglot has of the engines."""
    return [sqlglot.Dialect[spec.dialect.name] for spec in all_specs()]


def is_valid(name: str) -> bool:
    """Whether a name can be that of a domain, a source, a table or a column as it stands."""
    return _VALID.fullmatch(name) is not None


def snake(text: str) -> str:
    """A name in lower case with underscores, from any text; `InvoiceNo` gives `invoice_no`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    name = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:MAX_NAME].strip("_")
    return name if name[:1].isalpha() else f"field_{name}".rstrip("_")


def columns_for(fields: Iterable[str]) -> dict[str, str]:
    """A column name for each field of a file, each once and none reserved."""
    found: dict[str, str] = {}
    for field in fields:
        name = snake(field)
        if name in reserved():
            name = f"{name}_value"
        found[field] = unused(name, found.values())
    return found


def unused(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number that makes it another than those taken."""
    taken, number, found = set(taken), 2, name
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def expression(path: Sequence[str]) -> str:
    """A field as an expression of a source; further names are those of the members that lead to it."""
    return ".".join(_part(part) for part in path)


def _part(name: str) -> str:
    plain = _PLAIN.fullmatch(name) and name.lower() not in _sql_keywords() and name not in names_of_record()
    return name if plain else quoted(name)


def words(name: str) -> str:
    """A name as words: `unit_price` gives `unit price`."""
    return name.replace("_", " ").strip()


def label(name: str) -> str:
    """A name as people write it at the head of a column."""
    text = words(name)
    return text[:1].upper() + text[1:]


def plural(text: str) -> str:
    """The plural of an English noun, as far as its end tells it."""
    if re.search(r"[^aeiou]y$", text):
        return f"{text[:-1]}ies"
    if re.search(r"(s|x|z|ch|sh)$", text):
        return text if text.endswith("s") and not text.endswith("ss") else f"{text}es"
    return f"{text}s"


def singular(text: str) -> str:
    """The singular of an English noun, as far as its end tells it."""
    if re.search(r"ies$", text) and len(text) > 4:
        return f"{text[:-3]}y"
    if re.search(r"(sses|xes|ches|shes)$", text):
        return text[:-2]
    return text[:-1] if re.search(r"[^su]s$", text) else text


def thing_of(name: str) -> str | None:
    """What an identifier identifies: `customer_id` gives `customer`; None where the name does not say it."""
    stem, _, suffix = name.rpartition("_")
    return words(stem) if stem and suffix in ID_SUFFIXES else None
