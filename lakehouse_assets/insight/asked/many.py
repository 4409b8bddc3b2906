"""What is unusual, has changed or is worth a look in several metrics.

Belongs here: the answers to such questions. Does not belong here: the tests (``testing``), single metrics (``moving``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from lakehouse_assets.insight.asked.moving import line_of
from lakehouse_assets.insight.asked.reading import ONE, Asked, column_of, day_text
from lakehouse_assets.insight.explaining import Times, chance_of, explained
from lakehouse_assets.insight.finding import found_in, lines_of, weight
from lakehouse_assets.insight.model import Insight, Kind
from lakehouse_assets.insight.numeric.robust import discovered
from lakehouse_assets.insight.reading import Line
from lakehouse_assets.insight.telling import METHODS, Teller, day_said, figure_text
from lakehouse_assets.insight.testing import RATE, RECENT, judged
from nlq.answering.analysing import Analysed, NotToldError
from nlq.core.plan import TimeRange
from nlq.core.vocabulary import Metric
from nlq.wording.explain import say_time

_MOST_SAID, _MOST_LOOKED_AT = 3, 10
_LEAST_CHANGE = 0.05
_SUDDEN = (Kind.POINT, Kind.MISSING, Kind.SHIFT)
_NAMES = {
    Kind.MISSING: "missing", Kind.POINT: "unusual day", Kind.SHIFT: "new level", Kind.TREND: "trend",
    Kind.CHANGE: "change", Kind.FORECAST: "outlook", Kind.RECOMMENDATION: "do",
}  # fmt: skip
_COLUMNS = (
    column_of("kind", "What", kind="text"), column_of("figure", "Figure", kind="text"),
    column_of("value", "Of", kind="text"), column_of("first_day", "From", kind="text"),
    column_of("last_day", "To", kind="text"), column_of("actual", "Was", kind="text"),
    column_of("expected", "Expected", kind="text"), column_of("change", "Change", kind="share"),
    column_of("sentence", "In words", kind="text"),
)  # fmt: skip


def unusual(asked: Asked) -> Analysed:
    """What is unusual, as it was known at the end of the time that was asked for.

    Raises:
        NotToldError: no day of it can be judged.
    """
    metrics, wanted = asked.metrics, asked.plan.time_range
    reader = asked.reader
    if wanted and wanted.end and wanted.end < reader.today:
        reader = replace(reader, today=wanted.end + ONE)
    each = (lines_of(reader, asked.vocabulary, own, asked.dimension) for _, own in _by_domain(metrics))
    lines = [line for one in each for line in one]
    until = max((line.days.last for line in lines), default=None)
    if until is None:
        raise NotToldError(f"There are too few whole days of {_listed(metrics)} to tell what is usual.")
    if wanted and wanted.start and wanted.start > until:
        raise NotToldError(
            f"Days are known and over until {day_said(until)}: nothing can be told {say_time(wanted)} yet."
        )
    result = judged(lines)
    tellers = {metric.domain: Teller(metric.domain, reader.caller.tenant, until) for metric in metrics}
    found = [tellers[one.line.metric.domain].found(one) for one in result.found if one.kind in _SUDDEN]
    found = sorted((one for one in found if _within(one, wanted)), key=weight)
    what = f"{_listed(metrics)}{asked.where}{f' {say_time(wanted)}' if wanted else ''}"
    if not found:
        sentence = f"Nothing unusual in {what}: of {result.tests:,} tests none found more than chance."
    else:
        count = "One unusual thing" if len(found) == 1 else f"{len(found)} unusual things"
        sentence = f"{count} in {what}. {_first(found)}"
    method = " ".join(METHODS[kind] for kind in _SUDDEN)
    return Analysed(
        sentence, method, _COLUMNS if found else (), tuple(_rows(found, asked)), _judged_days(until, wanted)
    )


def changed(asked: Asked) -> Analysed:
    """What differs between two times, by more than chance, and in what.

    Raises:
        NotToldError: there is none of the metrics of which both times are known.
    """
    tests: list[tuple[Line, Times, float, float]] = []
    notes: list[str] = []
    for metric in asked.metrics:
        try:
            times = asked.times(metric)
        except NotToldError as error:
            notes.append(str(error))
            continue
        if line := line_of(asked, metric, times):
            tests.append((line, times, *chance_of(line, times)))
        else:
            notes.append(f"{metric.label}{asked.where} has no figure on most of the days that are compared.")
    if not tests:
        raise NotToldError(" ".join(notes) or "There is nothing to compare.")
    passed = discovered(np.array([p for *_, p in tests]), RATE)
    found: list[Insight] = []
    for (line, times, by, p), ok in zip(tests, passed, strict=True):
        if ok and abs(by) >= _LEAST_CHANGE:
            teller = Teller(line.metric.domain, asked.reader.caller.tenant, None)
            found.append(
                explained(asked.reader, teller, asked.vocabulary, line, times, p, asked.dimension, asked.where)
            )
    found.sort(key=weight)
    labels = [line.metric for line, *_ in tests]
    said = sorted({f"{times.said} beside {times.said_before}" for _, times, *_ in tests})
    head = f"{_listed(labels)}{asked.where}, {'; '.join(said)}"
    if found:
        still = len(tests) - len(found)
        rest = f" {still} of {len(tests)} did not move by more than chance." if still else ""
        sentence = f"{head}: {_first(found)}{rest}"
    else:
        sentence = f"{head}: nothing moved by more than chance and {_LEAST_CHANGE:.0%}."
    rows = [*_rows(found, asked), *_still(asked, tests, {one.metric for one in found})]
    return Analysed(sentence, METHODS[Kind.CHANGE], _COLUMNS, tuple(rows), tuple(notes))


def needing_attention(asked: Asked) -> Analysed:
    """What is most worth a look, of everything that the page of insights has of these metrics.

    Raises:
        NotToldError: no day of them can be judged.
    """
    found: list[Insight] = []
    untils: list[date] = []
    wanted, tests = asked.plan.time_range, 0
    for domain, own in _by_domain(asked.metrics):
        insights = found_in(asked.reader, asked.vocabulary, domain, own)
        untils += [insights.until] if insights.until else []
        found += [one for one in insights.insights if one.kind is not Kind.FORECAST]
        tests += insights.tested
    if not untils:
        raise NotToldError(f"There are too few whole days of {_listed(asked.metrics)} to tell what is worth a look.")
    found = sorted((one for one in found if _within(one, wanted)), key=weight)[:_MOST_LOOKED_AT]
    what = f"{_listed(asked.metrics)}{asked.where}"
    sentence = f"In {what}: {_first(found)}" if found else f"Nothing in {what} is more than chance ({tests:,} tests)."
    kinds = dict.fromkeys(one.method for one in found)
    method = " ".join(kinds) or METHODS[Kind.POINT]
    return Analysed(
        sentence, method, _COLUMNS if found else (), tuple(_rows(found, asked)), _judged_days(max(untils), wanted)
    )


def _by_domain(metrics: Sequence[Metric]) -> Iterator[tuple[str, list[Metric]]]:
    for domain, own in groupby(sorted(metrics, key=lambda one: one.domain), key=lambda one: one.domain):
        yield domain, list(own)


def _within(one: Insight, wanted: TimeRange | None) -> bool:
    """Whether it is of a time: some of its days, of what lasts its beginning."""
    if wanted is None:
        return True
    end = one.start if one.kind in (Kind.SHIFT, Kind.TREND) else one.end
    return (wanted.start is None or end >= wanted.start) and (wanted.end is None or one.start <= wanted.end)


def _judged_days(until: date, wanted: TimeRange | None) -> tuple[str, ...]:
    """Which days were judged, where more were asked for or none were named."""
    first = until - timedelta(days=RECENT - 1)
    if wanted and wanted.start and wanted.start >= first and wanted.end and wanted.end <= until:
        return ()
    return (f"Single days are judged from {day_said(first)} to {day_said(until)}: earlier ones are no news then.",)


def _first(found: Sequence[Insight]) -> str:
    more = f" And {len(found) - _MOST_SAID} more." if len(found) > _MOST_SAID else ""
    return " ".join(one.sentence for one in found[:_MOST_SAID]) + more


def _rows(found: Iterable[Insight], asked: Asked) -> Iterator[tuple]:
    for one in found:
        metric = asked.vocabulary.metrics[one.metric]
        actual, expected = (None if f is None else figure_text(f, metric) for f in (one.actual, one.expected))
        yield (
            _NAMES[one.kind], one.label, one.value, day_text(one.start), day_text(one.end), actual, expected,
            one.change, one.sentence,
        )  # fmt: skip


def _still(asked: Asked, tests: Iterable[tuple[Line, Times, float, float]], moved: set[str]) -> Iterator[tuple]:
    """Rows of what did not move by more than chance."""
    for line, times, by, _ in tests:
        if line.metric.name not in moved:
            figures = [asked.reader.whole(line.metric, span) for span in (times.now, times.before)]
            actual, expected = (None if one is None else figure_text(one, line.metric) for one in figures)
            start, end = day_text(times.now.start), day_text(times.now.end)
            yield "no more than chance", line.metric.label, None, start, end, actual, expected, by, None


def _listed(metrics: Sequence[Metric]) -> str:
    labels = [metric.label for metric in metrics]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
