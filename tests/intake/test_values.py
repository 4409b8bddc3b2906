"""Values of messages in every format, by a schema registry that answers, fails, and knows other things."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import pytest
from pydantic import SecretStr

from lakehouse_assets.apart import Apart
from lakehouse_assets.intake.registry import Registry, RegistryError
from lakehouse_assets.intake.values import UnreadableError, decoder
from lakehouse_assets.settings import Settings
from tests.ingest.fetching.answering import Api, Said, serving

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}
ORDER = {
    "type": "record", "name": "Order", "namespace": "shop", "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "price", "type": MONEY},
        {"name": "uid", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "rate", "type": "double"},
        {"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": "bytes"}}},
    ],
}  # fmt: skip
VALUE = {
    "id": 2**53 + 1, "at": datetime(2025, 3, 1, 10, 0, 0, 123456, UTC), "day": date(1, 1, 1),
    "price": Decimal("-12345678901234.5600"), "uid": UUID(int=7), "kind": "B", "note": "Tée 🍵", "rate": 0.1,
    "tags": {"x": [b"\xff", b""]},
}  # fmt: skip
TEXT = (
    '{"id":9007199254740993,"at":"2025-03-01T10:00:00.123456+00:00","day":"0001-01-01","price":"-12345678901234.5600",'
    '"uid":"00000000-0000-0000-0000-000000000007","kind":"B","note":"Tée 🍵","rate":0.1,'
    '"tags":{"x":[{"base64":"/w=="},{"base64":""}]}}'
)


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    with serving() as api:
        yield api


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a process of its own for each test; what is ended there has a test."""
    if request.function is not test_a_message_that_takes_too_much_memory_is_unreadable_and_no_other_is:
        monkeypatch.setattr(Apart, "run", lambda _self, function, *args: function(*args))


def reading(format_: Any, settings: Settings) -> Callable[[bytes], bytes]:
    """What reads one value."""
    made = decoder(format_, settings)

    def read(value: bytes) -> bytes:
        (text,) = made.texts([value])
        if isinstance(text, UnreadableError):
            raise text
        return text

    return read


class Schemas:
    """A registry that holds schemas by their numbers, and those that others refer to by subject."""

    def __init__(self, api: Api) -> None:
        self.api, self.there, self.paths = api, {}, []
        self.there["/schemas/types"] = ["JSON", "PROTOBUF", "AVRO"]
        api.by_path = self.answer

    def add(self, number: int, schema: Any, **more: Any) -> None:
        self.there[f"/schemas/ids/{number}"] = {"schema": json.dumps(schema), **more}

    def answer(self, path: str) -> Said:
        self.paths.append(path)
        if path in self.there:
            return Said(self.there[path])
        return Said({"error_code": 40403, "message": "Schema not found"}, 404)


@pytest.fixture
def schemas(server: Api) -> Iterator[Schemas]:
    yield Schemas(server)
    server.by_path = None


@pytest.fixture
def having(settings: Settings, server: Api) -> Settings:
    root = server.url.removesuffix("/orders")
    return settings.model_copy(update={"schema_registry": root})


def written(number: int, schema: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return b"\0" + number.to_bytes(4) + out.getvalue()


def test_a_value_of_avro_is_exact_and_its_schema_is_asked_for_once(schemas: Schemas, having: Settings):
    schemas.add(7, ORDER)
    decode = reading("avro", having)
    assert decode(written(7, ORDER, VALUE)).decode() == TEXT
    nothing = decode(written(7, ORDER, {**VALUE, "note": None, "rate": float("nan")})).decode()
    assert '"note":null,"rate":"nan"' in nothing and schemas.paths == ["/schemas/ids/7"]


def test_what_a_schema_refers_to_is_read_first(schemas: Schemas, having: Settings):
    money = {"type": "record", "name": "Money", "namespace": "shop", "fields": [{"name": "cents", "type": "long"}]}
    order = {"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "paid", "type": "shop.Money"}]}
    schemas.add(1, order, references=[{"name": "shop.Money", "subject": "shop/Money", "version": 3}])
    schemas.there["/subjects/shop%2FMoney/versions/3"] = {"schema": json.dumps(money)}
    whole = {**order, "fields": [{"name": "paid", "type": money}]}
    assert reading("avro", having)(written(1, whole, {"paid": {"cents": 5}})) == b'{"paid":{"cents":5}}'


NODE = {"type": "record", "name": "Node", "fields": [
    {"name": "rate", "type": "double"}, {"name": "next", "type": ["null", "Node"]},
]}  # fmt: skip


def test_a_value_nested_as_deep_as_its_bytes_say_ends_no_process(schemas: Schemas, having: Settings):
    schemas.add(1, NODE)
    decode, deep = reading("avro", having), {"rate": 0.5, "next": {"rate": -1e300, "next": None}}
    assert json.loads(decode(written(1, NODE, deep))) == deep
    with pytest.raises(UnreadableError, match="not of its schema 1"):
        decode(b"\0\0\0\0\1" + bytes(4))  # half a number
    with pytest.raises(UnreadableError, match="RecursionError"):
        decode(b"\0\0\0\0\1" + (bytes(8) + b"\x02") * 200_000 + bytes(9))


def test_lists_of_nothing_are_found_by_name_and_in_what_is_referred_to(schemas: Schemas, having: Settings):
    nothing = {"type": "record", "name": "N", "fields": []}
    listed = {"name": "l", "type": {"type": "array", "items": "N"}}
    schemas.add(1, {"type": "record", "name": "X", "fields": [{"name": "n", "type": nothing}, listed]})
    schemas.add(2, {"type": "record", "name": "Y", "fields": [listed]},
                references=[{"name": "N", "subject": "n", "version": 1}])  # fmt: skip
    schemas.there["/subjects/n/versions/1"] = {"schema": json.dumps(nothing)}
    schemas.there["/schemas/ids/3"] = {"schema": "[" * 100_000}
    for number, said in ((1, "take no byte"), (2, "take no byte"), (3, "nested too deep")):
        with pytest.raises(UnreadableError, match=said):
            reading("avro", having)(b"\0" + number.to_bytes(4) + b"\xff" * 8 + b"\x01")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b'{"id": 1}', "does not begin with the number of a schema"),
        (b"\0\0\0", "does not begin with the number of a schema"),
        (b"\0\0\0\0\x09x", "the registry has no schema 9"),
        (b"\0\0\0\0\x08x", "its schema 8 is PROTOBUF, and not AVRO"),
        (b"\0\0\0\0\x06x", "its schema 6 cannot be read"),
        (b"\0\0\0\0\x05" + b"\xff" * 8 + b"\x01", "its schema 5 has lists whose elements take no byte"),
        (b"\0\0\0\0\x07", "not of its schema 7: EOFError"),
        (b"\0\0\0\0\x07\x02\x02", "not of its schema 7: 1 bytes are left over"),
    ],
)
def test_what_is_not_of_its_schema_is_unreadable(schemas: Schemas, having: Settings, value: bytes, said: str):
    nothing = {"type": "record", "name": "N", "fields": [{"name": "n", "type": "null"}]}
    listed = {"name": "l", "type": ["null", {"type": "array", "items": nothing}]}
    schemas.add(5, {"type": "record", "name": "X", "fields": [listed]})
    schemas.add(6, "nothing")
    schemas.add(7, "int")
    schemas.add(8, "", schemaType="PROTOBUF")
    with pytest.raises(UnreadableError, match=said):
        reading("avro", having)(value)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"/schemas/types": Said({}, 503), "/schemas/ids/1": Said({}, 503)}, "it answers 503"),
        ({"/schemas/types": Said({}, 404)}, "has no /schemas/types; is it a schema registry"),
        ({"/schemas/ids/1": Said(b"<html>")}, "no JSON"),
        ({"/schemas/ids/1": Said([1])}, "what is no schema"),
        ({"/schemas/ids/1": Said({"error": "later"})}, "what is no schema"),
        ({"/schemas/ids/1": Said({"schema": "1", "references": [{"name": "a"}]})}, "what is no schema"),
        ({"/schemas/ids/1": Said({"message": "hunter22secret"}, 401)}, "it answers 401"),
    ],
)
def test_a_registry_that_cannot_be_asked_is_waited_for(
    schemas: Schemas, having: Settings, there: dict[str, Said], said: str
):
    schemas.api.by_path = lambda path: there.get(path, Said({}, 404))
    with_password = having.model_copy(
        update={"schema_registry_user": "me", "schema_registry_password": SecretStr("hunter22secret")}
    )
    with pytest.raises(RegistryError, match=said) as error:
        reading("avro", with_password)(b"\0\0\0\0\x01x")
    assert "hunter22" not in str(error.value)


def test_a_registry_must_be_named_and_gets_no_password_in_the_clear(settings: Settings):
    with pytest.raises(RegistryError, match="set ASKLAKE_SCHEMA_REGISTRY"):
        Registry(settings).check()
    named = {"schema_registry": "http://registry.example.com", "schema_registry_user": "me"}
    with pytest.raises(RegistryError, match="a secret is sent over https://"):
        Registry(settings.model_copy(update=named)).check()


def test_other_formats_need_no_registry(settings: Settings):
    assert reading("json", settings)(b"x") == b"x"
    assert reading("json_schema", settings)(b'\0\0\0\0\1{"a": 1.10}') == b'{"a": 1.10}'
    assert reading("raw", settings)("Tée\n".encode()) == '{"value": "Tée\\n"}'.encode()
    assert reading("raw", settings)(b"\xff") == b'{"value": {"base64": "/w=="}}'
    with pytest.raises(UnreadableError):
        reading("json_schema", settings)(b'{"a": 1}')


def test_a_message_that_takes_too_much_memory_is_unreadable_and_no_other_is(schemas: Schemas, having: Settings):
    fields = [{"name": f"n{i}", "type": "null"} for i in range(500)] + [{"name": "i", "type": "int"}]
    many = {"type": "record", "name": "Many", "fields": fields}
    schema = {"type": "record", "name": "All", "fields": [{"name": "l", "type": {"type": "array", "items": many}}]}
    schemas.add(1, schema)
    small = written(1, schema, {"l": []})
    count = io.BytesIO()
    fastavro.schemaless_writer(count, "long", 50_000)
    bomb = b"\0\0\0\0\1" + count.getvalue() + bytes(50_000) + b"\0"
    made = decoder("avro", having.model_copy(update={"look_memory": "100MB"}))
    try:
        first, second, third = made.texts([small, bomb, small])
    finally:
        made.close()
    assert first == third == b'{"l":[]}'
    assert isinstance(second, UnreadableError) and "takes more than 100MB of memory" in str(second)
