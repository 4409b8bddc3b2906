"""JSON texts: the values of a stream, and what they hold to the last digit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest.readers.batches import Counter, MalformedError
from lakehouse_assets.ingest.readers.json.document import json_batches
from lakehouse_assets.ingest.readers.json.lines import ndjson_batches
from lakehouse_assets.ingest.values import json_text
from lakehouse_assets.lakehouse.engines.instances import open_instance
from tests.ingest.readers.test_csv import CUTS, pieces


class Digits(str):
    """A number as it is written."""


NUMBER = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True, alphabet="0123456789-+.eE"
)
SHORT = st.text(st.sampled_from('ab"\\.:,[] 05-é\n'), max_size=8)
VALUE = st.recursive(
    NUMBER.map(Digits) | SHORT | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SHORT, inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> str:
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {written(v)}" for k, v in value.items()) + "}"
    return f"[{', '.join(map(written, value))}]" if isinstance(value, list) else json.dumps(value)


def meant(text: str) -> Any:
    """What Python reads in a text, numbers as they are written."""
    return json.loads(text, parse_float=Number, parse_int=Number)


class Number:
    def __init__(self, digits: str) -> None:
        self.digits = digits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.digits == self.digits

    __hash__ = None  # type: ignore[assignment]


def is_text_of(found: str | None, value: Any) -> bool:
    """Whether the text of a field is what was sent."""
    if value is None or isinstance(value, str):
        return found == value
    return found is not None and meant(found) == meant(written(value))


@pytest.fixture(scope="module")
def engine():
    with open_instance() as con:
        yield con


@given(
    st.lists(
        st.fixed_dictionaries({"z": VALUE}, optional={"a": VALUE, "o.": st.dictionaries(SHORT, VALUE)}), min_size=1
    )
)
@settings(max_examples=60, deadline=None)
@example([{"z": Digits("1.10"), "a": '"z": 1.10,'}, {"z": Digits("-0"), "o.": {"a": Digits("0.00001")}}])
@example(
    [{"z": [Digits("123456789012345.67"), "1.10"]}, {"z": Digits("1E400")}, {"z": Digits("12345678901234567890.0")}]
)
def test_fields_are_the_digits_and_texts_that_were_sent(engine, records):
    names = ["z", "a", "o."]
    fields = json_text.object_fields("t", names)
    inner = json_text.value_at(json_text.value_at("t", ["o."]), ["a"])
    wanted = f"{fields} as s, {inner} as i, {json_text.problem('t')} as p"
    texts = [written(r) for r in records]
    found = engine.execute(
        f"select {wanted} from (select unnest(?::varchar[]) as t)",
        [texts],
    ).fetchall()
    for record, (row, value, problem) in zip(records, found, strict=True):
        assert problem is None
        assert all(is_text_of(row[name], record.get(name)) for name in names), (record, row)
        assert is_text_of(value, record.get("o.", {}).get("a"))


@given(st.text(st.sampled_from('{}[]",,\\a1 \n'), max_size=40), CUTS)
@settings(max_examples=400, deadline=None)
@example("[" + "[" * 600 + "]" * 600 + "]", [5])
def test_any_text_gives_the_same_values_however_the_bytes_arrive(text, cuts):
    def read(blocks: list[bytes]) -> Any:
        try:
            return [row for batch in json_batches(blocks, Counter()) for row in batch.to_pylist()]
        except MalformedError as error:
            return error.problem, error.line, error.column

    whole = read([text.encode()])
    assert read(pieces(text.encode(), cuts)) == whole
    if isinstance(whole, list):
        kept = "".join(r["raw_text"] for r in whole)
        outer = "[]" if text.lstrip().startswith("[") else ""
        assert sorted((kept + outer).translate(GONE)) == sorted(text.translate(GONE))
        assert [r["source_row"] for r in whole] == list(range(1, len(whole) + 1))


GONE = str.maketrans("", "", ", \n")


def test_values_are_numbered_and_know_their_lines():
    text = '\n[{"a":\n1},\n\n {"b": "}]"}\n, 17 ,"x, y"\n]\n\n'
    rows = [r for b in json_batches(pieces(text.encode(), [3, 9, 20]), Counter()) for r in b.to_pylist()]
    assert [(r["line"], r["raw_text"]) for r in rows] == [
        (2, '{"a":\n1}'),
        (5, '{"b": "}]"}'),
        (6, "17"),
        (6, '"x, y"'),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (b"\xef\xbb{}", [r"\xef\xbb{}"]),
        (b'{"a": 1}x {"b": 2}', ['{"a": 1}x', '{"b": 2}']),
        (b'[{"a": 1}7, 7{"b": 2},"x"{}]', ['{"a": 1}7', '7{"b": 2}', '"x"{}']),
        (b"{}{}[]", ["{}", "{}", "[]"]),
    ],
)
@pytest.mark.parametrize("cut", range(1, 12))
def test_text_that_touches_a_value_is_part_of_it(text, wanted, cut):
    batches = json_batches(pieces(text, [cut]), Counter())
    assert [r["raw_text"] for b in batches for r in b.to_pylist()] == wanted


@pytest.mark.parametrize("read", [json_batches, ndjson_batches])
def test_a_comma_before_a_closing_bracket_is_no_json_but_one_in_a_text_is(read):
    lines = [
        b'{"a": 1}', b'{"a": 1,}', b'{"a": ",}", "b": [",]"]}', b'{"a": "\\",}", "b": [1, 2 , ]}', b'{"a": "x,]", }',
    ]  # fmt: skip
    found = [row for batch in read(iter([b"\n".join(lines)]), Counter()) for row in batch.to_pylist()]
    assert [row["raw_text"] for row in found] == [line.decode() for line in lines]
    sound = [row["problem"] is None for row in found]
    for line, is_sound in zip(lines, sound, strict=True):
        try:
            json.loads(line)
        except json.JSONDecodeError:
            assert not is_sound, line
        else:
            assert is_sound, line
    assert (
        found[1]["problem"] == "not valid JSON: a comma before a closing bracket, on line 2 in column 8 of the record"
    )
