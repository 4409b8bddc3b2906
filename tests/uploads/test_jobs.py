"""Jobs on disk: whole or gone after whatever ends a process, and never lost between two that see to them."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.settings import Settings
from lakehouse_assets.uploads import jobs as kept
from lakehouse_assets.uploads.jobs import Job, Jobs, TooManyError


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(Settings(profile="local", home=tmp_path, landing=""))


def received(jobs: Jobs, state: str = "received", **more: Any) -> Job:
    receiving = jobs.begin("key", "t1", "sales.csv", size=3)
    receiving.write(b"a,b")
    job = receiving.keep()
    receiving.close()
    changed = jobs.change(job.id, lambda _: {"state": state, **more})
    assert changed
    return changed


def folders(jobs: Jobs) -> list[Path]:
    return [path for path in jobs.folder.iterdir() if len(path.name) == 32]


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Files end after some bytes, as on a disk that has no more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)


def test_what_a_full_disk_did_not_take_is_removed_at_once(jobs: Jobs) -> None:
    receiving = jobs.begin("key", "t1", "sales.csv")
    with full_disk(4096):
        with suppress(OSError):
            receiving.write(bytes(5000))
            receiving.keep()
        with pytest.raises(OSError):
            receiving.close()
    assert not folders(jobs)


def test_a_disk_that_takes_no_document_is_left_without_parts(jobs: Jobs) -> None:
    job = received(jobs)
    before = sorted(path.name for path in (jobs.folder / job.id).iterdir())
    with full_disk(16):
        with pytest.raises(OSError):
            jobs.begin("key", "t1", "sales.csv", size=3)
        with pytest.raises(OSError):
            jobs.change(job.id, lambda _: {"read": 2})
    assert [path.name for path in folders(jobs)] == [job.id]
    assert set(os.listdir(jobs.folder / job.id)) - {"lock"} == set(before) - {"lock"}
    assert jobs.get(job.id) == job


@pytest.mark.parametrize("document", [None, b"", b"{}"])
def test_what_a_crash_left_of_a_job_is_removed(jobs: Jobs, document: bytes | None) -> None:
    received(jobs)
    left = jobs.folder / ("0" * 32)
    left.mkdir()
    (left / "content").write_bytes(b"a,b")
    if document is not None:
        (left / "job.json").write_bytes(document)
        old = time.time() - 8 * 86_400
        os.utime(left / "job.json", (old, old))
    jobs.tidy()
    assert not left.exists() and len(folders(jobs)) == 1


def test_the_file_of_a_load_that_ended_before_it_was_removed_takes_no_room(jobs: Jobs) -> None:
    loaded, failed = received(jobs, "loaded"), received(jobs, "failed")
    jobs.tidy()
    assert not jobs.content(loaded.id).exists() and jobs.content(failed.id).exists()


def test_a_body_that_became_whole_meanwhile_is_not_tidied_away(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    receiving = jobs.begin("key", "t1", "sales.csv", size=3)
    receiving.write(b"a,b")

    def whole_first(file: Path) -> int | None:
        monkeypatch.undo()
        receiving.keep()
        receiving.close()
        return kept.take(file)

    monkeypatch.setattr(kept, "take", whole_first)
    jobs.tidy()
    assert [job.state for job in jobs.all()] == ["received"]


def test_a_body_that_is_cut_off_with_its_process_is_tidied_away(jobs: Jobs) -> None:
    receiving = jobs.begin("key", "t1", "sales.csv", size=3)
    jobs.tidy()
    assert len(folders(jobs)) == 1
    receiving._file.close()  # as the end of its process does
    jobs.tidy()
    assert not folders(jobs)


def test_a_job_that_is_asked_for_while_another_attempt_ends_still_waits(jobs: Jobs) -> None:
    job = received(jobs, "failed")
    jobs.mark("load", job.id)
    jobs.change(job.id, lambda _: {"state": "loading"})
    jobs.done("load", job.id)
    assert jobs.waiting("load") == [job.id]
    jobs.change(job.id, lambda _: {"state": "loaded"})
    jobs.done("load", job.id)
    assert not jobs.waiting("load")


def test_a_job_is_forgotten_by_what_it_is_at_that_moment(jobs: Jobs) -> None:
    job = received(jobs, "loading")

    def idle(now: Job) -> bool:
        return now.state != "loading"

    jobs.forget(job.id, idle)
    assert jobs.get(job.id)
    jobs.change(job.id, lambda _: {"state": "loaded"})
    jobs.forget(job.id, idle)
    assert not folders(jobs) and jobs.change(job.id, lambda _: {"read": 1}) is None and not folders(jobs)


def test_documents_and_their_names_are_synced(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync: Callable[[int], None] = os.fsync

    def noted(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    job = received(jobs)
    assert {str(jobs.folder / job.id), str(jobs.folder)} <= set(synced)
    assert any("job.json" in name for name in synced)


def test_what_says_no_size_is_told_that_there_is_no_room_rather_than_that_it_is_too_large(tmp_path: Path) -> None:
    jobs = Jobs(Settings(profile="local", home=tmp_path, landing="", upload_space="2MB"))
    receiving = jobs.begin("key", "t1", "sales.csv")
    with pytest.raises(TooManyError):
        receiving.write(bytes(1_500_000))
    receiving.close()
