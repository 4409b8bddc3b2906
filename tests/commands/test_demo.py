"""The demo's samples: as old as they are asked to be, the same however often they are made."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from lakehouse_assets.commands.demo import last_day_of, write_samples

DAY = date(2026, 11, 20)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode("utf-8", "replace")


def days_of(files: Iterable[Path]) -> set[date]:
    times = re.findall(r'"event_time":"(20\d\d-\d\d-\d\dT[\d:]+\+05:30)"', "".join(map(text, files)))
    return {datetime.fromisoformat(time).astimezone(UTC).date() for time in times}


def test_samples_end_where_they_are_told_and_say_so(tmp_path: Path) -> None:
    assert last_day_of(tmp_path / "sample") is None
    made = write_samples(tmp_path / "sample", 300, None, DAY)
    assert last_day_of(tmp_path / "sample") == DAY
    days = days_of(made["pgr"].files["pgr_events"])
    assert DAY - timedelta(days=14) < max(days) <= DAY
    assert min(days) < DAY - timedelta(days=365)


def test_samples_are_spread_over_as_many_days_as_are_wanted(tmp_path: Path) -> None:
    made = write_samples(tmp_path / "sample", 300, 40, DAY)
    assert DAY - timedelta(days=40) < min(days_of(made["pgr"].files["pgr_events"]))


def test_the_same_day_gives_the_same_bytes_and_another_gives_others(tmp_path: Path) -> None:
    for name, day in (("first", DAY), ("again", DAY), ("later", DAY + timedelta(days=1))):
        write_samples(tmp_path / name, 300, None, day)
    assert content(tmp_path / "first") == content(tmp_path / "again")
    assert content(tmp_path / "first") != content(tmp_path / "later")
