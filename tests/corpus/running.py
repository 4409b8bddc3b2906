"""Trials in a process of their own, so that a file that hangs or kills it costs that file alone."""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.corpus.trial import Outcome, attempt

FILES_OF_A_LAKE = 50
"""Each load adds to the tables, so a lake is thrown away after so many."""


def run(files: Sequence[tuple[str, Path]], *, seconds: float, tell: bool = False) -> list[Outcome]:
    """Load the files one after the other, until all are done or Control-C is pressed.

    Args:
        files: Family and path of each.
        seconds: Time for one file; one that takes longer has crashed.
        tell: Whether to write the progress to the standard error.
    """
    outcomes: list[Outcome] = []
    worker: _Worker | None = None
    try:
        for number, (family, path) in enumerate(files, 1):
            worker = worker or _Worker()
            outcome = worker.attempt(family, path, seconds)
            if outcome is None:
                outcome = Outcome(str(path), family, "crashed", detail=worker.stop())
                worker = None
            outcomes.append(outcome)
            if tell:
                print(f"\r{number:,} of {len(files):,}", end="", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print(f"\nstopped after {len(outcomes):,} of {len(files):,} files", file=sys.stderr)
    finally:
        if worker:
            worker.stop()
    return outcomes


class _Worker:
    """A process that loads files."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other,), daemon=True)
        self._process.start()
        other.close()

    def attempt(self, family: str, path: Path, seconds: float) -> Outcome | None:
        """What became of a file; None if the process died of it or took too long."""
        try:
            self._pipe.send((family, path))
            return self._pipe.recv() if self._pipe.poll(seconds) else None
        except (EOFError, OSError):
            return None

    def stop(self) -> str:
        """End the process, and tell how it was found."""
        self._process.join(0.5)
        code = self._process.exitcode
        self._process.kill()
        self._process.join()
        return "it took too long" if code is None else f"the process died of it with {code}"


def _work(pipe: Connection) -> None:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

    while True:
        with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
            lake = Lake(Settings(home=Path(folder) / "home"))
            for _ in range(FILES_OF_A_LAKE):
                try:
                    family, path = pipe.recv()
                except EOFError:
                    return
                try:
                    outcome = attempt(lake, path, family)
                except Exception as error:
                    trace = "".join(traceback.format_exception(error)[-3:])
                    outcome = Outcome(
                        str(path), family, "crashed", detail=f"{type(error).__name__}: {error}"[:300] + trace[-600:]
                    )
                pipe.send(outcome)
