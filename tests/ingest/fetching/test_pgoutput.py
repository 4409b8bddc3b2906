"""Messages of PostgreSQL's logical replication, by what the protocol says of their bytes."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.ingest.fetching.pgoutput import (
    UNSENT,
    Begin,
    Change,
    Column,
    Commit,
    Relation,
    Truncate,
    UnreadableMessageError,
    Value,
    lsn_of,
    lsn_text,
    read,
)
from tests.ingest.fetching.messages import begin, commit, deleted, inserted, relation, truncated, updated

values = st.lists(st.one_of(st.binary(max_size=50), st.none(), st.just(UNSENT)), max_size=8)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
columns = st.lists(st.builds(Column, names, st.booleans(), st.integers(0, 2**32 - 1), st.integers(-1, 2**31 - 1)))
positions = st.integers(0, 2**63 - 1)


@given(of=st.integers(0, 2**32 - 1), old=values, new=values)
def test_rows_are_what_was_written(of: int, old: list[Value], new: list[Value]) -> None:
    assert read(inserted(of, new)) == Change("insert", of, None, False, new)
    assert read(updated(of, None, new)) == Change("update", of, None, False, new)
    assert read(updated(of, old, new, whole=True)) == Change("update", of, old, True, new)
    assert read(updated(of, old, new)) == Change("update", of, old, False, new)
    assert read(deleted(of, old, whole=True)) == Change("delete", of, old, True, None)


@given(schema=names, table=names, columns=columns)
def test_tables_are_what_was_written(schema: str, table: str, columns: list[Column]) -> None:
    found = Relation(2**32 - 9, schema, table, tuple(columns))
    assert read(relation(found)) == found


@given(at=positions, end=positions, tables=st.lists(st.integers(0, 2**32 - 1)))
def test_transactions_are_what_was_written(at: int, end: int, tables: Sequence[int]) -> None:
    started = read(begin(at, 1_000_001))
    assert isinstance(started, Begin) and (started.lsn, str(started.committed_at)) == (
        at, "2000-01-01 00:00:01.000001+00:00",
    )  # fmt: skip
    assert started.transaction == 4711
    assert read(commit(at, end)) == Commit(end) and read(truncated(*tables)) == Truncate(tuple(tables))


@given(lsn=st.integers(0, 2**64 - 1))
def test_a_position_is_its_text(lsn: int) -> None:
    assert lsn_of(lsn_text(lsn)) == lsn


@given(data=st.binary(max_size=80))
def test_what_is_no_message_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with suppress(UnreadableMessageError):
        read(data)


@given(new=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=4), less=st.integers(1, 20))
def test_a_message_that_was_cut_off_is_refused(new: list[Value], less: int) -> None:
    whole = inserted(7, new)
    with pytest.raises(UnreadableMessageError):
        read(whole[: -min(less, len(whole) - 6)])


def test_other_messages_say_nothing_of_rows() -> None:
    assert read(b"O" + struct.pack(">q", 1) + b"origin\0") is None and read(b"Y" + bytes(20)) is None
