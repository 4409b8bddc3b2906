"""How good insights are, on daily series of real data: `python -m bench.insights FOLDER`.

FOLDER has CSV files with the columns `series`, `day` (YYYY-MM-DD) and `value`; a day that is not there is 0. Prints how
many of the planted days are found and how many others besides, how forecasts stand beside the week before again and how
often their interval held, and how many findings noise gives.

Belongs here: measuring. Does not belong here: fetching data, or the tests that hold the code to it (tests/insight).
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from lakehouse_assets.insight.model import Kind
from lakehouse_assets.insight.numeric.forecasting import forecast
from lakehouse_assets.insight.numeric.robust import Floats, spread
from lakehouse_assets.insight.reading import Days, Line
from lakehouse_assets.insight.testing import RECENT, judged
from nlq.core.vocabulary import Metric

HORIZON, CUTS = 14, 12
_RUNS, _FEWEST = 10, 150
_SIZES = (6, 8, 12)


def series_of(folder: Path) -> dict[str, Floats]:
    """The series of the CSV files of a folder, from their first day with anything on."""
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                found[row["series"]][date.fromisoformat(row["day"])] = float(row["value"] or 0)
    courses = {}
    for name, days in found.items():
        first, last = min(days), max(days)
        courses[name] = np.array([days.get(first + timedelta(n), 0.0) for n in range((last - first).days + 1)])
    return {name: one for name, one in courses.items() if one.size >= _FEWEST and (one == 0).mean() < 0.5}


def planted(courses: dict[str, Floats], size: float, seed: int = 3) -> tuple[int, int, int]:
    """Days planted, found of them, and found besides; of half of the courses a recent day, as many spreads above."""
    rng, truth, hits, others = np.random.default_rng(seed), 0, 0, 0
    for _ in range(_RUNS):
        lines, wanted = [], {}
        for name, whole in courses.items():
            one = whole[: rng.integers(_FEWEST, whole.size + 1)][-365:].copy()
            if rng.random() < 0.5:
                at = one.size - 1 - int(rng.integers(0, RECENT))
                like = one[at % 7 :: 7][-9:]
                usual = float(np.median(like))
                if usual > 0:
                    one[at] = round(usual + size * float(spread(one[at % 7 :: 7])))
                    wanted[name] = at
            lines.append(_line(name, one))
        found = {(f.line.metric.name, f.first) for f in judged(lines).found if f.kind is Kind.POINT}
        truth += len(wanted)
        hits += len(found & set(wanted.items()))
        others += len(found - set(wanted.items()))
    return truth, hits, others


def foretold(courses: dict[str, Floats]) -> list[tuple[str, float, float]]:
    """Each series: its forecasts' error beside the week before again, and how often the interval held."""
    results = []
    for name, one in courses.items():
        own, naive, inside = [], [], []
        for cut in range(max(100, one.size - CUTS * HORIZON), one.size - HORIZON + 1, HORIZON):
            told, coming = forecast(one[:cut], season=7, horizon=HORIZON), one[cut : cut + HORIZON]
            if told is not None:
                own.append(np.abs(told.expected - coming).mean())
                naive.append(np.abs(one[cut - 7 : cut][np.arange(HORIZON) % 7] - coming).mean())
                inside.append(((coming >= told.low - 1e-9) & (coming <= told.high + 1e-9)).mean())
        if own:
            results.append((name, float(np.mean(own) / np.mean(naive)), float(np.mean(inside))))
    return results


def of_noise(runs: int = 40, seed: int = 1) -> dict[str, tuple[int, int]]:
    """How many of the runs over noise alone tell anything, and how many findings they have, by kind of noise."""
    from tests.insight.lines import line, noise

    told = {}
    for kind in ("counts", "few", "heavy", "skewed", "autocorrelated"):
        rng = np.random.default_rng(seed)
        counts = []
        for _ in range(runs):
            lines = [line(noise(rng, kind, 300), f"metric{n}") for n in range(6)]
            lines += [line(noise(rng, kind, 300), "metric0", f"value {n}") for n in range(12)]
            counts.append(len(judged(lines).found))
        told[kind] = (sum(count > 0 for count in counts), sum(counts))
    return told


def _line(name: str, figures: Floats) -> Line:
    return Line(Metric(name, name, additive=True, tally=True), Days(date(2025, 1, 6), figures.size), figures)


def main(folder: Path) -> None:
    """Measure and print."""
    begun = time.process_time()
    courses = series_of(folder)
    print(f"{len(courses)} series of {min(len(c) for c in courses.values())} days or more")
    for size in _SIZES:
        truth, hits, others = planted(courses, size)
        print(f"planted, {size} spreads above: {hits} of {truth} found ({hits / truth:.0%}), {others} besides")
    results = foretold(courses)
    for name, error, inside in results:
        print(f"  {name}: error {error:.2f} of the week before again, interval held {inside:.0%}")
    better = sum(error < 1 for _, error, _ in results)
    mean, held = np.mean([e for _, e, _ in results]), np.mean([i for _, _, i in results])
    print(f"forecasts: {better} of {len(results)} better than the week before, error {mean:.2f}, held {held:.0%}")
    for kind, (some, findings) in of_noise().items():
        print(f"noise, {kind}: {some} of 40 runs tell anything, {findings} findings")
    print(f"{time.process_time() - begun:.0f} CPU seconds")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
