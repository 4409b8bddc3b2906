"""Functions in processes of their own: ended when they take too long or too much, and the next one runs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from lakehouse_assets import apart as module
from lakehouse_assets.apart import Apart, EndedError, TooLongError, TooMuchMemoryError, has_all_its_memory
from lakehouse_assets.ingest.errors import IngestError

LONG_S = 2.0


def process() -> int:
    return os.getpid()


def hold_the_interpreter() -> bool:
    """Runs for ages within one call of C, which no thread and no signal handler of Python interrupts."""
    return bool(re.fullmatch(r"(a|a)*b", "a" * 60))


def take(size: int) -> int:
    return len(bytearray(size))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def refuse() -> None:
    error = IngestError("sales.csv", "the header is not UTF-8", line=1)
    raise error from error


def wait_with_all_memory() -> None:
    """As what waits for ever for memory that it did not get."""
    kept = []
    with suppress(MemoryError):
        while True:
            kept.append(bytearray(1_000_000))
    signal.pause()


def size_of(data: bytes) -> int:
    return len(data)


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    made = Apart(200_000_000, LONG_S, processes=1, needs=["lakehouse_assets.uploads.working"])
    yield made
    made.close()


def test_a_call_goes_to_another_process_if_one_was_ended_before_it(apart: Apart, monkeypatch: pytest.MonkeyPatch):
    first = apart.run(process)
    (idle,) = apart._idle
    os.kill(first, signal.SIGKILL)
    idle.process.join(LONG_S)
    monkeypatch.setattr(idle.process, "is_alive", lambda: True)  # as it was a moment before
    assert apart.run(process) not in (first, os.getpid())


def test_a_process_that_is_stopped_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GRACE_S", 0.3)
    made = Apart(200_000_000, LONG_S, processes=1, needs=["lakehouse_assets.uploads.working"])
    try:
        first = made.run(process)
        os.kill(first, signal.SIGSTOP)
        assert made.run(size_of, bytes(10_000_000)) == 10_000_000, "another process has the call"
        with pytest.raises(TooLongError):
            made.run(stop)
        assert made.run(process) != first
    finally:
        made.close()


FILLS = """
import itertools, sys
from lakehouse_assets.apart import bound_memory
bound_memory(50_000_000)
kept = []
print(flush=True)
sys.stdin.readline()
try:
    for _ in itertools.repeat(None):
        kept.append(bytearray(1_000_000))
except MemoryError:
    pass
print(flush=True)
sys.stdin.readline()
"""


def test_a_process_that_has_all_its_memory_is_told_from_others() -> None:
    with subprocess.Popen([sys.executable, "-c", FILLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as filling:
        assert filling.stdin and filling.stdout
        filling.stdout.readline()
        assert not has_all_its_memory(filling.pid)
        filling.stdin.write(b"\n")
        filling.stdin.flush()
        filling.stdout.readline()
        assert has_all_its_memory(filling.pid)
        filling.stdin.close()
    assert not has_all_its_memory(filling.pid)
    assert not has_all_its_memory(os.getpid())


def test_a_process_is_used_again_until_a_call_took_too_much(apart: Apart) -> None:
    first = apart.run(process)
    assert first != os.getpid()
    assert apart.run(take, 1_000_000) == 1_000_000 and apart.run(process) == first
    with pytest.raises(TooMuchMemoryError):
        apart.run(take, 400_000_000)
    with pytest.raises(TooMuchMemoryError):
        apart.run(wait_with_all_memory)
    second = apart.run(process)
    assert second != first
    with pytest.raises(TooLongError):
        apart.run(hold_the_interpreter)
    third = apart.run(process)
    assert third != second
    with pytest.raises(EndedError, match="-11"):
        apart.run(crash)
    with pytest.raises(RuntimeError, match="the header is not UTF-8"):
        apart.run(refuse)
    fourth = apart.run(process)
    assert fourth != third
    apart.close()
    with pytest.raises(ProcessLookupError):
        os.kill(fourth, 0)
