"""The schema registry: by which schema a message was written.

It speaks the protocol of Confluent's registry, as Karapace, Redpanda and Apicurio do, too: `GET /schemas/ids/{id}`.
Belongs here: asking it, and keeping what it said, which never changes. Does not belong here: values (values).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import fastavro
from fastavro.schema import SchemaParseException, UnknownType
from pydantic import ValidationError

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


class Registry:
    """The schema registry that the settings name."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self._known: dict[int, Any] = {}

    def avro(self, number: int) -> Any:
        """The Avro schema of this id, as fastavro reads by it.

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

    def _parsed(self, client: Client, number: int) -> Any:
        said = self._get(client, f"/schemas/ids/{number}")
        if said is None:
            self._get_present(client, "/schemas/types")  # or it is no registry that says so
            raise SchemaError(f"the registry has no schema {number}")
        kind = said.get("schemaType", "AVRO")
        if kind != "AVRO":
            raise SchemaError(f"its schema {number} is {kind}, and not AVRO")
        names: dict[str, Any] = {}
        self._read_references(client, said, names, [0])
        try:
            found = json.loads(said["schema"])
            if _has_lists_of_nothing(found):
                raise SchemaError(f"its schema {number} has lists whose elements take no byte, of any length")
            return fastavro.parse_schema(found, named_schemas=names)
        except (SchemaParseException, UnknownType, ValueError, KeyError, TypeError) as error:
            raise SchemaError(f"its schema {number} cannot be read: {type(error).__name__} {error}") from None

    def _read_references(
        self, client: Client, said: Mapping[str, Any], names: dict[str, Any], count: list[int]
    ) -> None:
        """Know by name what a schema refers to, the innermost first."""
        for one in said.get("references") or ():
            count[0] += 1
            if count[0] > MOST_REFERENCES:
                raise SchemaError(f"it refers to more than {MOST_REFERENCES} other schemas")
            if one["name"] in names:
                continue
            found = self._get_present(
                client, f"/subjects/{quote(one['subject'], safe='')}/versions/{int(one['version'])}"
            )
            self._read_references(client, found, names, count)
            try:
                fastavro.parse_schema(json.loads(found["schema"]), named_schemas=names)
            except (SchemaParseException, UnknownType, ValueError, KeyError, TypeError) as error:
                raise SchemaError(f"'{one['name']}', which it refers to, cannot be read: {error}") from None

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


def _has_lists_of_nothing(schema: Any) -> bool:
    """Whether a few bytes could be a list that no memory holds."""
    if isinstance(schema, list):
        return any(map(_has_lists_of_nothing, schema))
    if not isinstance(schema, dict):
        return False
    inside = [schema.get("items"), schema.get("values"), schema.get("type"), *(schema.get("fields") or ())]
    return _is_nothing(schema.get("items", ...)) or any(map(_has_lists_of_nothing, inside))


def _is_nothing(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return schema == "null"
    if schema.get("type") == "record":
        return all(_is_nothing(field["type"]) for field in schema["fields"])
    return schema.get("size") == 0 or _is_nothing(schema.get("type"))
