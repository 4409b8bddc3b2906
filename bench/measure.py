"""Timing: repeated, interleaved, each run in a process of its own, summed up as medians and ratios.

Belongs here: how a figure is taken and written down. Does not belong here: what is measured.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"


@dataclass(frozen=True)
class Timed:
    """One run: seconds of what was measured, and the most memory its process held, MB."""

    seconds: float
    peak_mb: float
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Contender:
    """Something to time: `work` is a module-level function that returns seconds, or (seconds, facts)."""

    name: str
    work: Callable[..., Any]
    args: tuple[Any, ...] = ()
    share: float = 1.0
    """Part of the whole task it is given; its time is scaled up by it."""


@dataclass
class Result:
    """Medians of the contenders of one benchmark, and the ratio of the first to each of the others."""

    benchmark: str
    aim: str
    runs: dict[str, list[Timed]]
    notes: list[str] = field(default_factory=list)

    def median(self, name: str) -> float:
        """Median seconds of a contender."""
        return statistics.median(t.seconds for t in self.runs[name])

    @property
    def ratios(self) -> dict[str, float]:
        """Seconds of the first contender by those of each other: below 1 is faster."""
        first, *others = self.runs
        return {other: self.median(first) / self.median(other) for other in others}

    def as_json(self) -> dict[str, Any]:
        """What is written to the results file."""
        return {
            "aim": self.aim,
            "median_s": {n: round(self.median(n), 4) for n in self.runs},
            "peak_mb": {n: round(max(t.peak_mb for t in ts)) for n, ts in self.runs.items()},
            "ratio_of_first_to": {n: round(r, 3) for n, r in self.ratios.items()},
            "runs_s": {n: [round(t.seconds, 4) for t in ts] for n, ts in self.runs.items()},
            "facts": {n: ts[-1].extra for n, ts in self.runs.items() if ts[-1].extra},
            "notes": self.notes,
        }


def compare(benchmark: str, contenders: Sequence[Contender], *, repeat: int, aim: str) -> Result:
    """Time contenders in turn, `repeat` times each, so that a noisy moment hits them all."""
    runs: dict[str, list[Timed]] = {c.name: [] for c in contenders}
    for round_number in range(repeat):
        for contender in contenders:
            timed = in_own_process(contender.work, *contender.args)
            scaled = Timed(timed.seconds / contender.share, timed.peak_mb, timed.extra)
            runs[contender.name].append(scaled)
            print(
                f"  {benchmark} · {contender.name} · run {round_number + 1}/{repeat}: {scaled.seconds:.3f} s",
                flush=True,
            )
    return Result(benchmark, aim, runs, [f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"])


def in_own_process(work: Callable[..., Any], *args: Any) -> Timed:
    """Run a function in a fresh process.

    Raises:
        RuntimeError: it failed; the message is the process's own.
    """
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(child, work, args))
    process.start()
    child.close()
    try:
        outcome = parent.recv()
    except EOFError:
        outcome = f"the process of {work.__name__} died"
    process.join()
    if isinstance(outcome, str):
        raise RuntimeError(outcome)
    return outcome


def _report(pipe: Any, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        outcome = work(*args)
        seconds, extra = outcome if isinstance(outcome, tuple) else (outcome, {})
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pipe.send(Timed(seconds, peak, extra))
    except BaseException as error:
        pipe.send(f"{work.__name__}: {type(error).__name__}: {error}")
        raise


class Clock:
    """`with Clock() as c: …; c.seconds`, and `c.cpu_s` that this process took of the cores meanwhile."""

    seconds = cpu_s = 0.0

    def __enter__(self) -> Clock:
        """Start."""
        self._start, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.seconds, self.cpu_s = time.perf_counter() - self._start, time.process_time() - self._cpu


def save(results: Sequence[Result]) -> None:
    """Write results beside those of benchmarks that did not run this time."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    known["machine"] = {
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
    }
    known.setdefault("benchmarks", {}).update({r.benchmark: r.as_json() for r in results})
    RESULTS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
