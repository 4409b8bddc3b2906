"""SQL that reads JSON texts in the engine without changing what they hold.

Belongs here: the fields of an object, a value by its path, and what is wrong with a text, as SQL over any text.
Does not belong here: which fields and paths are wanted (mapping, expressions).

The engine reads a number with a fraction or an exponent as a double, which changes its digits. So such numbers are
put into quotes first. A mark tells them from texts that were quoted all along, wherever they lie within a value that is
wanted as a whole: the mark and the quotes are taken away from it again. NaN and Infinity, which are no JSON but which
many programs write, are taken as the engine takes them: the texts of the fields are what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from lakehouse_assets.lakehouse.sql import literal, quoted

MARK = "\ufdd0"
"""A code point that Unicode keeps for use within a program; a text that holds it is not read."""
_ODD = r"[:\[,]\s*-?(?:[0-9]+\.?[0-9]*[eE]|[0-9]+\.[0-9]+0\s*[,}\]]|[0-9.]{17,}|0\.0000|0\s*[,}\]])"
"""Shows every text with a number whose digits a double, or its way back to a text, may change.

Fifteen digits come back from a double as they were, but for zeros at the end and for numbers that the engine writes
with an exponent. Within quotes there may be the same, which only takes time, and so may an integer, which is exact.
"""
_FLAT = r"^[^{]*[{][^{\[]*$"
_STRING = r'"(?:[^"\\]|\\.)*"'
_NUMBER = rf'((?:{_STRING}|[^"0-9-])*)(-?[0-9][0-9.eE+-]*|$)'
"""A number, or the end, and all that is before it in whole strings, so that no number is found within one."""


def object_fields(text: str, names: Sequence[str], known: Sequence[Sequence[str]] = ()) -> str:
    """SQL of a struct with fields of a JSON object as text; NULL where the text is not one, or not sound.

    Args:
        text: SQL of the text; it is repeated.
        names: The fields.
        known: Names in the order that many of the objects have, each once; to look for repetitions in the others only.
    """
    shape = literal(json.dumps(dict.fromkeys(names, "VARCHAR")))
    found = [(literal(name), f"j[{literal(name)}]") for name in names]
    fields = ", ".join(f"{name}: {_unmarked(value)}" for name, value in found)
    flat = f"try(from_json({_quoted(text, '')}, {shape}))"
    nested = (
        f"list_transform([try(from_json({_quoted(text, MARK)}, {shape}))], "
        f"lambda j: case when j is not null then {{{fields}}} end)[1]"
    )
    return (
        f"case when {_is_no_object(text)} then null when {_repeats(text, known)} then null "
        f"when not {_matches(text, _ODD)} then try(from_json({text}, {shape})) "
        f"when not {_matches(text, _FLAT)} then case when not {_is_marked(text)} then {nested} end "
        f"else {flat} end"
    )


def value_at(text: str, path: Sequence[str]) -> str:
    """SQL of a value inside a JSON text, as text.

    Args:
        text: SQL of the text; it is repeated.
        path: Names from the outside in.
    """
    where = literal("$" + "".join("." + quoted(name) for name in path))
    plain = f"json_extract_string({text}, {where})"
    marked = f"json_extract_string({_quoted(text, MARK)}, {where})"
    exact = f"list_transform([{marked}], lambda j: {_unmarked('j')})[1]"
    # What is no JSON must not become some by the quotes.
    changed = f"{_matches(text, _ODD)} and json_valid({text}) and not {_is_marked(text)}"
    return f"case when {changed} then {exact} else {plain} end"


def problem(text: str) -> str:
    """SQL of what is wrong with a text that should be a JSON object; NULL where nothing is."""
    keys = f"json_keys({text})"
    marked = f"{_matches(text, _ODD)} and not {_matches(text, _FLAT)} and {_is_marked(text)}"
    twice = f"list_filter({keys}, lambda k, i: list_position({keys}, k) <> i)[1]"
    return (
        f"case when {_is_no_object(text)} then 'not valid JSON, or not a JSON object' "
        f"when {_repeats(text)} then concat('the object has the name ', chr(39), {twice}, chr(39), ' twice') "
        f"when {marked} then 'it holds U+FDD0, which is no character' end"
    )


def _matches(text: str, pattern: str) -> str:
    return f"regexp_matches({text}, {literal(pattern)})"


def _is_no_object(text: str) -> str:
    return f"coalesce(try(json_type({text})), '') <> 'OBJECT'"


def _repeats(text: str, known: Sequence[Sequence[str]] = ()) -> str:
    """Whether an object has a name twice; the engine would take the first, others the last."""
    keys = f"json_keys({text})"
    repeats = f"len({keys}) <> list_unique({keys})"
    if not known:
        return repeats
    lists = ", ".join(f"[{', '.join(map(literal, names))}]" for names in known)
    return f"case when {keys} in ({lists}) then false else {repeats} end"


def _is_marked(text: str) -> str:
    escaped = literal(r"\ufdd0")
    return f"(contains({text}, {literal(MARK)}) or contains(lower({text}), {escaped}))"


def _quoted(text: str, mark: str) -> str:
    """The text with its numbers in quotes; those that the end of the text got are taken off again."""
    ends = len(f'"{mark}"') + 1
    return _replaced(text, _NUMBER, rf'\1"{mark}\2"') + f"[:-{ends}]"


def _unmarked(value: str) -> str:
    within = _replaced(value, f'"{MARK}([0-9.eE+-]+)"', r"\1")
    marked, anywhere = f"starts_with({value}, {literal(MARK)})", f"contains({value}, {literal(MARK)})"
    return f"case when {marked} then {value}[2:] when {anywhere} then {within} else {value} end"


def _replaced(text: str, pattern: str, by: str) -> str:
    return f"regexp_replace({text}, {literal(pattern)}, {literal(by)}, 'g')"
