"""Ids of loads that follow a table: what they say is read again, and they sort by position."""

from __future__ import annotations

from dataclasses import replace

from lakehouse_assets.ingest.origins.followed import NONE, Followed, Identity, Shape, Transaction, track_of

COPIED = Followed(
    track_of("shop", "lines"), 2, "asklake_shop_ab12", 4711,
    Shape(16_400, {"id": "23.-1", "a/\"é": "25.-1"}, "16401 744 {16402} []"), Identity("7301234567890123456", 3),
)  # fmt: skip


def test_an_id_says_how_far_it_was_and_of_which_table_and_log() -> None:
    last = Transaction(4700, 2**32 - 1, "2026-01-01T10:00:00.000001+00:00")
    for known in (
        COPIED, replace(COPIED, shape=None), replace(COPIED, position=0, shape=None, log=None),
        replace(COPIED, last=NONE), replace(COPIED, shape=None, last=last),
    ):  # fmt: skip
        found = Followed.of(known.id)
        assert (found, found.shape, found.log, found.last) == (known, known.shape, known.log, known.last)


def test_what_a_load_after_it_claims_begins_beyond_its_own_id() -> None:
    begin, end = COPIED.claims_after
    assert COPIED.id < begin < replace(COPIED, position=4712, shape=None).id < end
    assert begin < replace(COPIED, generation=3, position=0, shape=None, log=None).id < end


def test_ids_that_note_neither_log_nor_entry_are_read() -> None:
    beginning = f"{COPIED.track}/000002/{COPIED.slot}/{COPIED.position:020}"
    copied, changes = Followed.of(f'{beginning}/[16400,{{"id":"23.-1"}}]'), Followed.of(beginning)
    assert copied.shape == Shape(16_400, {"id": "23.-1"}) and copied.log is None
    assert changes == copied and changes.shape is None
