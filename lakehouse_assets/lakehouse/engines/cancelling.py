"""Ending queries early: when their time is over, or when nobody waits for the answer any more.

Belongs here: who may end a query, and telling why it ended. Does not belong here: how an engine stops one (duckdb,
trino), or how it is noticed that nobody waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError, QueryTimeoutError

_AGAIN_S = 0.1


class Cancellation:
    """Ends all queries of one piece of work, those that run and those that would begin. Thread-safe."""

    def __init__(self) -> None:
        """Nothing is cancelled."""
        self.cancelled = False
        self._running: set[_Running] = set()
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """End every query now, and let none begin; returns at once."""
        with self._lock:
            self.cancelled = True
            running = list(self._running)
        for one in running:
            # An engine may wait for its server before it says that a query has ended.
            threading.Thread(target=one.end, args=(QueryCancelledError(),), daemon=True).start()

    def add(self, running: _Running) -> None:
        """Let a query be ended by this.

        Raises:
            QueryCancelledError: it need not begin.
        """
        with self._lock:
            if self.cancelled:
                raise QueryCancelledError
            self._running.add(running)

    def remove(self, running: _Running) -> None:
        """Leave a query alone that has ended."""
        with self._lock:
            self._running.discard(running)


_current: ContextVar[Cancellation | None] = ContextVar("cancellation", default=None)


@contextmanager
def cancelled_by(cancellation: Cancellation) -> Iterator[None]:
    """Let all queries of this context be ended by a cancellation, those in threads that get a copy of it too."""
    token = _current.set(cancellation)
    try:
        yield
    finally:
        _current.reset(token)


def check_wanted() -> None:
    """Let work that is no query go on only while someone waits for it.

    Raises:
        QueryCancelledError: nobody does.
    """
    cancellation = _current.get()
    if cancellation and cancellation.cancelled:
        raise QueryCancelledError


class _Running:
    """A query under way; `reason` says why it was ended, if it was."""

    def __init__(self, stop: Callable[[], object]) -> None:
        self._stop, self._over = stop, threading.Event()
        self.reason: Exception | None = None

    def end(self, reason: Exception) -> None:
        self.reason = self.reason or reason
        # Told to stop before it has begun, an engine does not remember it; told after it has ended, it may complain.
        while not self._over.is_set():
            with suppress(Exception):
                self._stop()
            self._over.wait(_AGAIN_S)

    def over(self) -> None:
        self._over.set()


@contextmanager
def endable(stop: Callable[[], object], timeout_s: float | None) -> Iterator[None]:
    """Run a query that ends early after its time, or with the work it is part of.

    Args:
        stop: Makes the engine end the query, which then raises; may be called again, and from another thread.
        timeout_s: Longest time, seconds; None is any.

    Raises:
        QueryTimeoutError: it was ended after its time.
        QueryCancelledError: it was ended, or did not begin, because nobody waits for it.
    """
    running, cancellation = _Running(stop), _current.get()
    timer = None
    if timeout_s:
        late = QueryTimeoutError(f"the query was cancelled after {timeout_s:g} s; ask for less")
        timer = threading.Timer(timeout_s, running.end, (late,))
        timer.daemon = True
    if cancellation:
        cancellation.add(running)
    try:
        if timer:
            timer.start()
        yield
    except Exception as error:
        if running.reason:
            raise running.reason from error
        raise
    else:
        if running.reason:  # an engine may give what rows it had
            raise running.reason
    finally:
        running.over()
        if timer:
            timer.cancel()
        if cancellation:
            cancellation.remove(running)
