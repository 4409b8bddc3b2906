"""Entries on disk: what is whole is read back as it was, what is half-written is cut off and never read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.intake import segments as writing
from lakehouse_assets.intake.entries import DamagedError, Entry, decode, encode
from lakehouse_assets.intake.segments import Appender, places, read, segments
from tests.intake.conftest import entry

TEXT = st.none() | st.text(max_size=20)
TEXTS = st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b" ") + b"\n"), min_size=1, max_size=5)
ANY = st.builds(
    lambda source, tenant, key, texts: Entry(
        source, tenant, key, b"".join(texts), np.cumsum([len(t) for t in texts]), 7
    ),
    st.text(max_size=20), TEXT, TEXT, TEXTS,
)  # fmt: skip
FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)


def same(found: Entry, wanted: Entry) -> bool:
    fields = ("source", "tenant", "key", "data", "received_ms")
    return all(getattr(found, f) == getattr(wanted, f) for f in fields) and list(found.ends) == list(wanted.ends)


@given(ANY)
def test_an_entry_is_read_as_it_was_written(one: Entry) -> None:
    data = b"".join(encode(one))
    assert same(decode(data), one)
    for broken in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), data[:8] + bytes([data[8] ^ 1]) + data[9:]):
        with pytest.raises(DamagedError):
            decode(broken)


@FILES
@given(st.lists(ANY, min_size=1, max_size=6), st.data())
def test_what_was_cut_off_anywhere_is_gone_and_the_rest_goes_on(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("p")
    appender = Appender(folder)
    written = appender.append(entries)
    appender.close()
    (segment,) = segments(folder)
    sizes = np.cumsum([0, *(len(b"".join(encode(e))) for e in written)])
    left = data.draw(st.integers(0, int(sizes[-1])))
    os.truncate(segment.path, left)
    whole = int(np.searchsorted(sizes, left, side="right")) - 1
    assert [p.entry.first for p in places(folder, 0)] == [e.first for e in written[:whole]]
    again = Appender(folder)
    assert again.next == (written[whole - 1].end if whole else 0)
    (more,) = again.append([entries[0]])
    again.close()
    assert [same(read(p), e) for p, e in zip(places(folder, 0), [*written[:whole], more], strict=True)] == [True] * (
        whole + 1
    )


def test_offsets_count_records_through_segments(tmp_path: Path) -> None:
    appender = Appender(tmp_path, segment_bytes=300)
    for number in range(10):
        appender.append([entry(number, number + 100)])
    appender.close()
    assert len(segments(tmp_path)) > 3
    assert [(p.entry.first, p.entry.end) for p in places(tmp_path, 0)] == [(2 * n, 2 * n + 2) for n in range(10)]
    assert [p.entry.first for p in places(tmp_path, 13)] == [12, 14, 16, 18]
    reopened = Appender(tmp_path, segment_bytes=300)
    assert reopened.next == 20
    reopened.close()


def test_a_byte_that_turned_is_told_with_its_place(tmp_path: Path) -> None:
    appender = Appender(tmp_path)
    appender.append([entry(1), entry(2)])
    appender.close()
    (segment,) = segments(tmp_path)
    content = bytearray(segment.path.read_bytes())
    content[-5] ^= 1
    segment.path.write_bytes(content)
    first, second = places(tmp_path, 0)
    assert read(first).end == 1
    with pytest.raises(DamagedError, match=rf"{segment.path.name}, byte {second.entry.at}"):
        read(second)


@pytest.mark.parametrize("fails", ["writev", "fdatasync"])
def test_a_full_disk_takes_back_what_was_not_whole_and_goes_on_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    appender = Appender(tmp_path)
    appender.append([entry(1)])
    honest = getattr(os, fails)

    def full(*args: object) -> int:
        monkeypatch.setattr(os, fails, honest)
        if fails == "writev":
            os.write(args[0], b"".join(args[1])[:30])  # type: ignore[arg-type]
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    if fails == "writev":
        with pytest.raises(OSError, match="No space"):
            appender.append([entry(2)])
    else:  # it lies in the file whole, and the next sync said so
        assert [e.first for e in appender.append([entry(2)])] == [1]
    (after,) = appender.append([entry(3)])
    appender.close()
    found = [read(p) for p in places(tmp_path, 0)]
    assert [e.first for e in found] == list(range(after.first + 1))
    assert b"O3" in found[-1].data and writing.segments(tmp_path)


def test_no_offset_is_given_again_after_a_recovery_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    appender = Appender(tmp_path)
    appender.append([entry(1), entry(2)])

    def broken(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr(os, "writev", broken)
        disk.setattr(writing, "_is_whole", broken)
        for _ in range(2):
            with pytest.raises(OSError, match="Input"):
                appender.append([entry(3)])
    assert [e.first for e in appender.append([entry(4)])] == [2]
    appender.close()
    assert [p.entry.first for p in places(tmp_path, 0)] == [0, 1, 2]


def test_what_a_failed_sync_was_to_write_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    appender = Appender(tmp_path)
    appender.append([entry(1)])
    (segment,) = segments(tmp_path)
    synced, honest, again = segment.path.stat().st_size, os.fdatasync, []

    def fails(file: int) -> None:
        monkeypatch.setattr(os, "fdatasync", honest)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda *a: (again.append((a[2], bytes(a[1]))), write(*a))[1])
    appender.append([entry(2)])
    assert again == [(synced, segment.path.read_bytes()[synced:])]
    assert [read(p).first for p in places(tmp_path, 0)] == [0, 1]
    appender.close()


@pytest.mark.parametrize("harm", ["a byte turned", "the length is damaged", "the segment is gone"])
def test_what_is_committed_keeps_its_offsets_whatever_befalls_its_bytes(tmp_path: Path, harm: str) -> None:
    appender = Appender(tmp_path)
    appender.append([entry(1), entry(2)])
    appender.close()
    first, second = places(tmp_path, 0)
    content = bytearray(first.segment.read_bytes())
    if harm == "a byte turned":
        content[first.entry.size - 5] ^= 1
    else:
        content[7] ^= 0x40
    first.segment.write_bytes(content)
    if harm == "the segment is gone":
        first.segment.unlink()
    again = Appender(tmp_path, committed=second.end)
    assert [e.first for e in again.append([entry(3)])] == [2]
    again.close()
    assert [p.entry.first for p in places(tmp_path, second.end.offset)] == [2]
