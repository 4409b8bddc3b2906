"""Running functions on what strangers sent in processes of their own, each within bounded memory and time.

A file or body may be made to take any memory and any time, or to end whoever reads it, and a thread cannot be ended:
a process can. One is used again for the next call while all goes well, and is ended when a call took too much.
Belongs here: such processes, and the bounds of the operating system. Does not belong here: what is done in them, who
may have it done, or what is told of it.
"""

from __future__ import annotations

import pickle
import re
import resource
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

USES = 200
"""Calls after which a process is replaced, so that what any of them left behind does not grow."""
_GRACE_S = 2.0
"""Seconds that a process has to end itself before it is ended from here."""
_BEGINS_WITHIN_S = 60.0
"""Seconds that a process has to be ready for its first call."""
_LEAST_LEFT = 8 << 20
"""Bytes of memory that a process has left at most which has all that it may have."""
_OF_MEMORY = ("MemoryError", "ArrowMemoryError", "OutOfMemoryException")
"""Names of what Python, Arrow and the engine raise where there is no memory; not each of them is loaded here."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


class ApartError(Exception):
    """A call was ended; nothing is known of what it would have given."""


class TooLongError(ApartError):
    """It took longer than it may."""


class TooMuchMemoryError(ApartError):
    """It wanted more memory than it may have."""


class EndedError(ApartError):
    """It ended its process."""


def used_bytes(process: int | None = None) -> int | None:
    """Bytes of private memory that a process has, this one if none is named.

    Returns:
        None where the system does not say, and knows no such limit, or there is no such process any more.
    """
    try:
        status = Path("/proc", str(process or "self"), "status").read_text()
    except OSError:
        return None
    found = re.search(r"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) << 10 if found else None


def has_all_its_memory(process: int) -> bool:
    """Whether a process has all the private memory that it may have: it may wait for ever for what it did not get."""
    used = used_bytes(process)
    if used is None:
        return False
    most, _ = resource.prlimit(process, resource.RLIMIT_DATA)
    return most != resource.RLIM_INFINITY and most - used < _LEAST_LEFT


def bound_memory(more: int) -> None:
    """Let this process have so many bytes of private memory more than it has, where the system can see to that."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    if (used := used_bytes()) is not None:
        limits = [used + more, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_DATA, (min(limits), before[1]))


def is_of_memory(error: BaseException | None) -> bool:
    """Whether an error, or one that it was raised for, is that there was no memory."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:  # one may be raised for itself
        if type(error).__name__ in _OF_MEMORY:
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


@dataclass(frozen=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    uses: int = 0


@dataclass(frozen=True)
class _Answer:
    result: Any = None
    error: Exception | None = None


class Apart:
    """Processes that run functions, as many at a time as there are; thread-safe. They begin with the first call."""

    def __init__(self, memory_bytes: int, time_s: float, *, processes: int, needs: Sequence[str]) -> None:
        """Nothing is started yet.

        Args:
            memory_bytes: What a process may take besides what it begins with.
            time_s: Seconds that a call may take.
            processes: How many calls run at a time; others wait.
            needs: Modules that the functions need, which are loaded once for all processes.
        """
        self.memory_bytes, self.time_s = memory_bytes, time_s
        self._needs = list(needs)
        self._turns = threading.BoundedSemaphore(processes)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._is_closed = False

    def run(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Run a function of a module; its arguments and its result are copied.

        Raises:
            TooLongError, TooMuchMemoryError, EndedError: see there.
            Exception: whatever the function raised.
        """
        with self._turns:
            worker = self._given((function, args, kwargs))
            try:
                answer = self._answer(worker)
            except BaseException:
                _end(worker)
                raise
            if isinstance(answer.error, TooMuchMemoryError) or worker.uses + 1 >= USES:
                _end(worker)
            else:
                self._keep(_Worker(worker.process, worker.connection, worker.uses + 1))
        if answer.error:
            raise answer.error
        return answer.result

    def close(self) -> None:
        """End the processes; those at work are ended when they are done."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            _end(worker)

    def _given(self, call: tuple[object, ...]) -> _Worker:
        """A process that has a call; one that ended before it had all of it gives way to another."""
        for is_last in (False, True):
            worker = self._worker()
            try:
                with _ended_after(self.time_s + _GRACE_S, worker):
                    worker.connection.send(call)
                return worker
            except OSError as error:
                _end(worker)
                if is_last:
                    raise EndedError("a process ended before its call") from error
            except BaseException:
                _end(worker)
                raise
        raise AssertionError("unreachable")

    def _worker(self) -> _Worker:
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.process.is_alive():
                    return worker
                _end(worker)
        context = get_context("forkserver")
        context.set_forkserver_preload(self._needs)  # of a server that runs already, children have what that has
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self.memory_bytes, self.time_s), name="apart", daemon=True
        )  # fmt: skip
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        try:
            with _ended_after(_BEGINS_WITHIN_S, worker):
                ours.recv()  # it is ready: until then no call takes time
        except (EOFError, OSError) as error:
            _end(worker)
            raise EndedError("a process ended as it began") from error
        return worker

    def _answer(self, worker: _Worker) -> _Answer:
        try:
            with _ended_after(self.time_s, worker) as watch:
                return worker.connection.recv()
        except (EOFError, OSError) as error:  # before an answer, or in the middle of one
            if watch.is_late:
                raise TooMuchMemoryError if watch.had_all_its_memory else TooLongError from error
            worker.process.join(_GRACE_S)
            if worker.process.exitcode == -signal.SIGALRM:
                raise TooLongError from error
            raise EndedError(f"its process ended ({worker.process.exitcode})") from error

    def _keep(self, worker: _Worker) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(worker)
                return
        _end(worker)


@dataclass
class _Watch:
    """Whether a process was ended for its time, and whether it then had all the memory that it may have."""

    is_late: bool = False
    had_all_its_memory: bool = False


@contextmanager
def _ended_after(seconds: float, worker: _Worker) -> Iterator[_Watch]:
    """End a process that takes longer, whatever it is at: one that is stopped (SIGSTOP) does nothing by itself."""
    watch = _Watch()

    def end() -> None:
        watch.had_all_its_memory = worker.process.pid is not None and has_all_its_memory(worker.process.pid)
        watch.is_late = True
        worker.process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()


def _end(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.kill()
    worker.process.join(_GRACE_S)


def _serve(connection: Connection, memory_bytes: int, time_s: float) -> None:
    """Run what is asked for until nobody is there to ask; each call with an alarm that ends this process.

    The system ends it, whatever it is at, where the one that started it is not there any more to do so.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    bound_memory(memory_bytes)
    connection.send(None)
    while True:
        try:
            function, args, kwargs = connection.recv()
        except (EOFError, OSError):
            return
        signal.setitimer(signal.ITIMER_REAL, time_s + _GRACE_S)
        answer = _answered(function, args, kwargs)
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send_bytes(answer)


def _answered(function: Callable[..., object], args: Sequence[object], kwargs: dict[str, object]) -> bytes:
    try:
        return pickle.dumps(_Answer(function(*args, **kwargs)))
    except Exception as error:
        return pickle.dumps(_Answer(error=TooMuchMemoryError() if is_of_memory(error) else _sendable(error)))


def _sendable(error: Exception) -> Exception:
    """An error as it can be raised elsewhere; the ways of some to be made do not come along."""
    try:
        return pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
