"""The log of one machine: acknowledged is on the disk, a key is one request, and there is an end to what waits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lakehouse_assets.intake import log as logs
from lakehouse_assets.intake.log import BusyError, IntakeLog, OtherContentError, backlog, log_id, partitions
from lakehouse_assets.intake.segments import places, read
from tests.intake.conftest import entry


def test_positions_are_where_the_records_are(log: IntakeLog, folder: Path) -> None:
    at = [log.append(entry(n, n + 1)).result(5) for n in range(5)]
    assert [(p.partition, p.first, p.records) for p in at] == [(0, 2 * n, 2) for n in range(5)]
    assert [str(at[0]), str(at[4])] == ["0-0-2", "0-8-2"]
    assert [read(p).first for p in places(folder / "0", 0)] == [0, 2, 4, 6, 8]


def test_many_at_once_are_written_once_each(log: IntakeLog, folder: Path) -> None:
    found: list[int] = []

    def send(worker: int) -> None:
        for number in range(50):
            found.append(log.append(entry(worker * 100 + number)).result(10).first)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(400))
    assert len({read(p).data for p in places(folder / "0", 0)}) == 400


def test_a_key_is_one_request_also_after_a_restart(log: IntakeLog, folder: Path) -> None:
    first = log.append(entry(1, key="a")).result(5)
    assert log.append(entry(1, key="a")).result(5) == first
    assert log.append(entry(1, key="a", tenant="t2")).result(5) != first, "another tenant's"
    with pytest.raises(OtherContentError):
        log.append(entry(2, key="a"))
    log.close()
    again = IntakeLog(folder, most_backlog=1 << 30)
    assert again.append(entry(1, key="a")).result(5) == first
    again.close()
    log.__init__(folder, most_backlog=1 << 30)


def test_each_process_has_a_partition_and_takes_over_that_of_a_dead_one(folder: Path) -> None:
    first, second = (IntakeLog(folder, most_backlog=1 << 30) for _ in range(2))
    assert (first.partition, second.partition, sorted(partitions(folder))) == (0, 1, [0, 1])
    first.append(entry(1)).result(5)
    first.close()
    third = IntakeLog(folder, most_backlog=1 << 30)
    assert (third.partition, third.append(entry(2)).result(5).first) == (0, 1)
    second.close()
    third.close()


def test_a_log_has_an_id_that_stays(folder: Path) -> None:
    assert log_id(folder) == log_id(folder) and len(log_id(folder)) == 32


def test_no_more_is_taken_than_may_wait_to_be_committed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOOKS_EVERY_S", 0.01)
    log = IntakeLog(folder, most_backlog=1_000)
    with pytest.raises(BusyError):
        for number in range(500):
            log.append(entry(number)).result(5)
            time.sleep(0.002)
    assert 1_000 < backlog(folder) < 20_000
    logs.say_committed(folder, {0: [*places(folder / "0", 0)][-1].end})
    deadline = time.monotonic() + 5
    while log._full and time.monotonic() < deadline:
        time.sleep(0.01)
    log.append(entry(1)).result(5)
    log.close()


def test_nothing_more_waits_for_the_disk_than_may(folder: Path) -> None:
    log = IntakeLog(folder, most_backlog=1 << 30, most_waiting=0)
    log._appender.append, honest = (lambda entries: (time.sleep(0.3), honest(entries))[1]), log._appender.append
    log.append(entry(1))
    with pytest.raises(BusyError):
        log.append(entry(2))
    log.close()


def test_a_request_that_was_not_written_may_come_again_by_its_key(folder: Path) -> None:
    log = IntakeLog(folder, most_backlog=1 << 30)
    honest = log._appender.append

    def full(_: object) -> list[object]:
        log._appender.append = honest
        raise OSError("No space left on device")

    log._appender.append = full  # type: ignore[method-assign]
    with pytest.raises(OSError, match="No space"):
        log.append(entry(1, key="a")).result(5)
    assert log.append(entry(1, key="a")).result(5).first == 0
    log.close()


def test_whatever_goes_wrong_once_the_log_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOOKS_EVERY_S", 0.0)
    log = IntakeLog(folder, most_backlog=1 << 30)
    honest = log._appender.append

    def once(_: object) -> list[object]:
        log._appender.append = honest
        raise MemoryError

    log._appender.append = once  # type: ignore[method-assign]
    with pytest.raises(MemoryError):
        log.append(entry(1)).result(5)

    def gone(_: Path) -> int:
        raise FileNotFoundError("a segment that was removed meanwhile")

    monkeypatch.setattr(logs, "backlog", gone)
    for number in range(2):
        assert log.append(entry(number)).result(5).first == number
    log.close()


def test_a_partition_that_lost_its_files_goes_on_behind_what_is_committed(folder: Path) -> None:
    log = IntakeLog(folder, most_backlog=1 << 30)
    log.append(entry(1, 2)).result(5)
    log.close()
    (place,) = places(folder / "0", 0)
    logs.say_committed(folder, {0: place.end})
    place.segment.unlink()
    again = IntakeLog(folder, most_backlog=1 << 30)
    assert again.append(entry(3)).result(5).first == 2
    again.close()
