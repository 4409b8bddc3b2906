"""What a change of a row becomes: exact, or refused with the reason; nothing in between."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakehouse_assets.ingest.fetching.changed_rows import REFUSED, ChangedRows, Wanted
from lakehouse_assets.ingest.fetching.pgoutput import UNSENT, Column, Relation
from tests.ingest.fetching.messages import begin, commit, deleted, inserted, relation, truncated, updated

INT, TEXT, BOOL, BYTES = 23, 25, 16, 17
NAMES = ("id", "day", "body", "flag")
KINDS = dict(zip(NAMES, (INT, TEXT, TEXT, BOOL), strict=True))
WANTED = Wanted(
    "public", "notes", 7, NAMES, frozenset({"id", "day", "body"}), frozenset({"id", "day"}),
    {name: f"{KINDS[name]}.-1" for name in ("id", "day", "body")}, frozenset({"id", "day"}),
)  # fmt: skip
BY_KEY = Wanted("public", "notes", 7, NAMES, frozenset({"id", "body"}), frozenset({"id"}), {}, frozenset({"id"}))


def table(*keys: str, **kinds: int) -> bytes:
    columns = [Column(n, n in keys, k, -1) for n, k in {**KINDS, **kinds}.items() if k]
    return relation(Relation(7, "public", "notes", tuple(columns)))


def told(*messages: bytes, wanted: Wanted = WANTED) -> tuple[list[dict[str, Any]], ChangedRows]:
    rows: list[dict[str, Any]] = []
    found = ChangedRows(wanted, lambda batch: rows.extend(batch.to_pylist()))
    for message in (begin(0x10), *messages, commit(0x10, 0x20)):
        found.take(message)
    found.finish()
    return rows, found


def short(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["_op"], row["id"], row["day"], row["body"], bool(row[REFUSED])) for row in rows]


FULL = table(*NAMES)
OLD, NEW = [b"1", b"mon", b"long", b"t"], [b"1", b"mon", UNSENT, b"f"]


def test_a_change_says_what_it_is_and_when() -> None:
    rows, found = told(FULL, inserted(7, [b"1", b"mon", None, b"t"]))
    assert rows == [{
        "_op": b"insert", "_lsn": b"0/10", "_committed_at": b"2000-01-01 00:00:00+00:00", "_unsent": None,
        "id": b"1", "day": b"mon", "body": None, "flag": b"true", REFUSED: None,
    }]  # fmt: skip
    assert (found.end, found.changes, found.stop, found.others) == (0x20, 1, None, ())


def test_a_table_is_known_by_its_number_while_it_has_another_name() -> None:
    renamed = relation(Relation(7, "public", "other", tuple(Column(n, True, k, -1) for n, k in KINDS.items())))
    rows, found = told(renamed, inserted(7, OLD))
    assert short(rows) == [(b"insert", b"1", b"mon", b"long", False)] and found.stop is None
    rows, found = told(relation(Relation(8, "public", "other", ())), inserted(8, []))
    assert rows == [] and found.stop is None


def test_a_domain_is_told_as_what_it_is_of() -> None:
    wanted = replace(WANTED, bases={"16385.-1": BOOL, "16386.-1": BYTES}, kinds={})
    rows, _ = told(table(*NAMES, flag=16385, body=16386), inserted(7, [b"1", b"mon", b"\\x00ff", b"t"]), wanted=wanted)
    assert (rows[0]["flag"], rows[0]["body"]) == (b"true", b"\x00\xff")


def test_what_was_not_sent_again_is_what_it_was_before() -> None:
    assert short(told(FULL, updated(7, OLD, NEW, whole=True))[0]) == [(b"update", b"1", b"mon", b"long", False)]


def test_what_was_not_sent_again_and_is_not_known_is_refused_if_it_is_read() -> None:
    rows, _ = told(table("id"), updated(7, None, NEW), wanted=BY_KEY)
    assert short(rows) == [(b"update", b"1", b"mon", None, True)] and b"replica identity full" in rows[0][REFUSED]
    unread = told(table("id"), updated(7, None, [b"1", UNSENT, b"b", b"f"]), wanted=BY_KEY)[0]
    assert short(unread) == [(b"update", b"1", None, b"b", False)] and unread[0]["_unsent"] == b"day"


@pytest.mark.parametrize("new", [[b"2", b"mon", b"long", b"t"], [b"1", b"tue", b"long", b"t"]])
def test_a_row_that_moves_is_deleted_where_it_was(new: list[bytes]) -> None:
    rows = short(told(FULL, updated(7, OLD, new, whole=True))[0])
    assert rows == [(b"delete", b"1", b"mon", b"long", False), (b"update", *new[:3], False)]


def test_a_key_that_changes_is_deleted_where_it_was_by_the_key_alone() -> None:
    rows = told(table("id"), updated(7, [b"1", None, None, None], [b"2", b"mon", UNSENT, b"t"]), wanted=BY_KEY)[0]
    assert short(rows) == [(b"delete", b"1", None, None, False), (b"update", b"2", b"mon", None, True)]


def test_what_does_not_say_where_the_row_was_is_refused() -> None:
    rows = told(table("id"), updated(7, None, OLD), deleted(7, [b"1", None, None, None]))[0]
    assert [bool(r[REFUSED]) for r in rows] == [True, True] and b"what day was" in rows[0][REFUSED]
    assert [bool(r[REFUSED]) for r in told(table("id"), deleted(7, [b"1", None, None, None]), wanted=BY_KEY)[0]] == [
        False
    ]


def test_a_partition_that_says_less_than_the_whole_table_is_refused() -> None:
    rows = told(FULL, updated(7, None, OLD), deleted(7, [b"1", None, None, None], whole=True))[0]
    assert all(b"partition" in r[REFUSED] for r in rows)


@pytest.mark.parametrize(
    ("message", "changed"),
    [
        (table("id", day=0), {"day": ("25.-1", None)}),
        (table("id", day=1082), {"day": ("25.-1", "1082.-1")}),
    ],
)
def test_a_column_that_is_another_stops_before_its_transaction(message: bytes, changed: Any) -> None:
    rows, found = told(FULL, inserted(7, OLD), commit(0x10, 0x18), begin(0x19), message, inserted(7, OLD))
    assert found.stop and (found.stop.changed, found.stop.lsn) == (changed, 0x19)
    assert (found.end, found.changes) == (0x18, 1) and rows in ([], rows)


def test_what_nothing_reads_may_change_and_new_columns_are_asked_for() -> None:
    rows, found = told(table("id", flag=0), inserted(7, OLD[:3]), table(*NAMES, flag=BYTES), inserted(7, OLD))
    assert not found.stop and rows[0]["flag"] is None
    assert told(table("id", more=TEXT), inserted(7, [*OLD, b"x"]))[1].others == ("more",)


def test_a_table_that_was_emptied_or_is_another_stops() -> None:
    stop = told(FULL, truncated(3, 7))[1].stop
    assert stop and stop.is_emptied and told(FULL, truncated(3))[1].stop is None
    other = told(relation(Relation(8, "public", "notes", ())))[1].stop
    assert other and other.is_other


def test_changes_of_other_tables_are_none() -> None:
    rows, found = told(relation(Relation(8, "public", "others", ())), inserted(8, []), truncated(8))
    assert (rows, found.changes, found.end, found.messages) == ([], 0, 0x20, 5)
