"""Which columns of tables are documents: `semantic/search/<domain>.yml`.

Belongs here: the model of that YAML, reading it, holding it to the contracts and to what tells of persons. Does not
belong here: reading rows (``gathering``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lakehouse_assets.declared import DeclarationError, line_of, problems, read_list
from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from semantic.manifest.catalog import SemanticCatalog

FOLDER = Path("semantic") / "search"
_TEXT = "VARCHAR"
_Column = Field(pattern=r"^[a-z][a-z0-9_]*$")


class Documents(BaseModel):
    """Rows of a table that are found by the texts in some of their columns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str = Field(pattern=r"^[a-z]+\.[a-z][a-z0-9_]*$", description="The table, as layer.table.")
    text: tuple[str, ...] = Field(min_length=1, max_length=8, description="Columns that are searched.")
    title: tuple[str, ...] = Field(default=(), max_length=4, description="Columns that say what a row is called.")


@dataclass(frozen=True)
class Written:
    """A declaration as a file has it."""

    path: Path
    line: int
    documents: Documents


def files(root: Path) -> Iterator[Path]:
    """The files below the root of a project, in order."""
    yield from sorted((root / FOLDER).glob("*.yml"))


def read(path: Path) -> list[Written]:
    """Read a file: `documents:` with a list.

    Raises:
        DeclarationError: the file cannot be read, or an entry is wrong; the message names file, line and field.
    """
    entries, places, node = read_list(path, "documents")
    found = []
    for entry, place in zip(entries, places, strict=True):
        try:
            documents = Documents.model_validate(entry)
        except ValidationError as error:
            raise DeclarationError(problems(path, node, place, error, "documents")) from error
        found.append(Written(path, line_of(node, place), documents))
    return found


def personal_columns(catalog: SemanticCatalog) -> frozenset[str]:
    """Names of columns that tell of a person, in whichever table: those of dimensions that are said to."""
    return frozenset(name for d in catalog.dimensions.values() if d.personal for name in (d.element, d.expr))


def at_odds(documents: Documents, contracts: Mapping[str, Contract], personal: Iterable[str]) -> list[str]:
    """What a declaration says that cannot be, or must not be."""
    contract = contracts.get(documents.table)
    if contract is None:
        return [f"field 'table': no contract declares {documents.table}"]
    found = []
    for name, columns in (("text", documents.text), ("title", documents.title)):
        for column in columns:
            kind = contract.types.get(column)
            if kind is None:
                found.append(f"field '{name}': {documents.table} has no column {column}")
            elif kind != _TEXT:
                found.append(f"field '{name}': {column} of {documents.table} is {kind}, and no text")
            elif column in set(personal):
                message = "tells of a person, by its dimension in the semantic layer, and is never indexed"
                found.append(f"field '{name}': {column} of {documents.table} {message}")
    if not contract.key:
        found.append(f"field 'table': {documents.table} has no key, by which a row that is found could be named")
    return found


def all_documents(
    root: Path, contracts: Mapping[str, Contract], personal: Iterable[str]
) -> tuple[list[Documents], list[str]]:
    """Those of a project that can be indexed, and what keeps the others from it."""
    good: dict[str, Documents] = {}
    faults: list[str] = []
    for path in files(root):
        try:
            written = read(path)
        except DeclarationError as error:
            faults.append(str(error))
            continue
        for one in written:
            wrong = at_odds(one.documents, contracts, personal)
            if one.documents.table in good:
                wrong.append(f"field 'table': {one.documents.table} is declared twice")
            if wrong:
                faults += [f"{path}, line {one.line}: {text}" for text in wrong]
            else:
                good[one.documents.table] = one.documents
    return list(good.values()), faults


def state_of(documents: Documents) -> Any:
    """What changes when the declaration does."""
    return documents.model_dump_json()
