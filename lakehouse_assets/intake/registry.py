"""The schema registry: by which schema a message was written.

It speaks the protocol of Confluent's registry, as Karapace, Redpanda and Apicurio do, too: `GET /schemas/ids/{id}`.
Belongs here: asking it, and keeping what it said, which never changes. Does not belong here: values (values).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import fastavro
from fastavro.schema import SchemaParseException, UnknownType
from pydantic import BaseModel, Field, ValidationError

from lakehouse_assets.ingest.described.apis import Rest
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.apis.client import Answer, Client, Limits

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

LIMITS = Limits(page=16 << 20, load=1 << 30, pages=0, seconds=30)
MOST_REFERENCES = 100
"""Schemas that one refers to, with those that they refer to."""
_NOT_FOUND = 404
_ACCEPT = "application/vnd.schemaregistry.v1+json, application/json"


class RegistryError(Exception):
    """The registry does not answer, or refuses: whoever reads messages waits for it. No password is told."""


class SchemaError(Exception):
    """A schema is not there, or is none that messages can be read by."""


@dataclass(frozen=True)
class Written:
    """What values are written by.

    Attributes:
        schema: As fastavro reads by it.
        is_recursive: Whether values may be nested as deep as they are long.
    """

    schema: Any
    is_recursive: bool


class _Reference(BaseModel):
    name: str
    subject: str
    version: int


class _Said(BaseModel):
    """What a registry says of a schema."""

    schema_text: str = Field(alias="schema")
    kind: str = Field("AVRO", alias="schemaType")
    references: list[_Reference] | None = None


class Registry:
    """The schema registry that the settings name."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self._known: dict[int, Written] = {}

    def avro(self, number: int) -> Written:
        """The Avro schema of this id.

        Raises:
            RegistryError: the registry does not answer, or refuses.
            SchemaError: there is none of this id, or it is not of Avro.
        """
        if number not in self._known:
            with self._asking() as client:
                self._known[number] = self._parsed(client, number)
        return self._known[number]

    def check(self) -> None:
        """See whether the registry answers.

        Raises:
            RegistryError: it does not.
        """
        with self._asking() as client:
            self._get(client, "/schemas/types")

    def _parsed(self, client: Client, number: int) -> Written:
        said = self._get(client, f"/schemas/ids/{number}")
        if said is None:
            self._get_present(client, "/schemas/types")  # or it is no registry that says so
            raise SchemaError(f"the registry has no schema {number}")
        found = self._said(said)
        if found.kind != "AVRO":
            raise SchemaError(f"its schema {number} is {found.kind}, and not AVRO")
        names: dict[str, Any] = {}
        self._read_references(client, found, names, [0])
        schema = _parse(found.schema_text, names, f"its schema {number}")
        try:
            if _has_lists_of_nothing(schema, names):
                raise SchemaError(f"its schema {number} has lists whose elements take no byte, of any length")
        except RecursionError:
            raise SchemaError(f"its schema {number} is nested too deep") from None
        return Written(schema, _is_recursive(names))

    def _read_references(self, client: Client, said: _Said, names: dict[str, Any], count: list[int]) -> None:
        """Know by name what a schema refers to, the innermost first."""
        for one in said.references or ():
            count[0] += 1
            if count[0] > MOST_REFERENCES:
                raise SchemaError(f"it refers to more than {MOST_REFERENCES} other schemas")
            if one.name in names:
                continue
            path = f"/subjects/{quote(one.subject, safe='')}/versions/{one.version}"
            found = self._said(self._get_present(client, path))
            self._read_references(client, found, names, count)
            _parse(found.schema_text, names, f"'{one.name}', which it refers to,")

    def _said(self, said: Any) -> _Said:
        try:
            return _Said.model_validate(said)
        except ValidationError:
            raise RegistryError("ASKLAKE_SCHEMA_REGISTRY: it answers with what is no schema") from None

    def _get_present(self, client: Client, path: str) -> Any:
        found = self._get(client, path)
        if found is None:
            raise RegistryError(f"ASKLAKE_SCHEMA_REGISTRY: what is there has no {path}; is it a schema registry?")
        return found

    def _get(self, client: Client, path: str) -> Any:
        """What the registry says at a path; None where nothing is there."""
        try:
            return client.get(f"{self._settings.schema_registry.rstrip('/')}{path}", {}, _read, _NOT_FOUND)
        except IngestError as error:
            raise RegistryError(f"{error.file}: {error.problem}") from None
        except (ValueError, RecursionError):
            raise RegistryError("ASKLAKE_SCHEMA_REGISTRY: it answers with what is no JSON") from None

    def _asking(self) -> Client:
        settings = self._settings
        if not settings.schema_registry:
            raise RegistryError("messages of format avro need a schema registry: set ASKLAKE_SCHEMA_REGISTRY")
        stated: dict[str, Any] = {"url": settings.schema_registry, "headers": {"accept": _ACCEPT}}
        secret = None
        if settings.schema_registry_user:
            secret = f"{settings.schema_registry_user}:{settings.schema_registry_password.get_secret_value()}"
            stated |= {"access": "registry", "auth": "basic"}
        try:
            described = Rest.model_validate(stated)
        except ValidationError as error:
            words = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
            raise RegistryError(f"ASKLAKE_SCHEMA_REGISTRY: {words}") from None
        ca = str(settings.kafka_ca) if settings.kafka_ca else ""
        return Client(described, secret, LIMITS, "ASKLAKE_SCHEMA_REGISTRY", tries=1, ca=ca)


def _read(answer: Answer) -> Any:
    return None if answer.is_empty else json.loads(answer.text)


def _parse(text: str, names: dict[str, Any], what: str) -> Any:
    """A schema as fastavro reads by it; the types that it names are added to `names`.

    Raises:
        SchemaError: it is none.
    """
    try:
        return fastavro.parse_schema(json.loads(text), named_schemas=names)
    except (SchemaParseException, UnknownType, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SchemaError(f"{what} cannot be read: {type(error).__name__} {error}") from None
    except RecursionError:
        raise SchemaError(f"{what} is nested too deep") from None


def _within(schema: Any) -> Iterator[Any]:
    """A parsed schema and all that stands in it; named types that it refers to by their names."""
    waiting = [schema]
    while waiting:
        yield (one := waiting.pop())
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += [one[name] for name in ("type", "items", "values") if name in one]
            waiting += [field["type"] for field in one.get("fields", ())]


def _is_recursive(names: Mapping[str, Any]) -> bool:
    """Whether a named type stands in itself, so that a value is nested as deep as its bytes say."""
    inside = {
        name: {found for one in _within(schema) if isinstance(found := one, str) and found in names}
        for name, schema in names.items()
    }
    try:
        TopologicalSorter(inside).prepare()
    except CycleError:
        return True
    return False


def _has_lists_of_nothing(schema: Any, names: Mapping[str, Any]) -> bool:
    """Whether a few bytes could be a list that no memory holds."""
    nothing = {"null"}
    while more := {n for n, named in names.items() if n not in nothing and _is_nothing(named, nothing)}:
        nothing |= more
    return any(
        isinstance(one, dict) and one["type"] == "array" and _is_nothing(one["items"], nothing)
        for found in (schema, *names.values()) for one in _within(found)
    )  # fmt: skip


def _is_nothing(schema: Any, nothing: Collection[str]) -> bool:
    """Whether no value of a parsed schema takes a byte; `nothing` names the types of which none does."""
    if isinstance(schema, str):
        return schema in nothing
    if isinstance(schema, list):
        return False  # which of them it is takes a byte
    if "fields" in schema:
        return all(_is_nothing(field["type"], nothing) for field in schema["fields"])
    return schema.get("size") == 0 or _is_nothing(schema["type"], nothing)
