"""Days as they are typed: 2026-06-01, today, yesterday, "30 days ago"; and hours, 2026-06-01T05:00.

Belongs here: reading them. Does not belong here: times of questions in words (nlq.planning), or of `--at` (lakehouse).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import typer

FORMS = '2026-06-01, today, yesterday or "30 days ago"'
HOUR_FORM = "2026-06-01T05:00 (UTC)"
_NEAR = {"today": 0, "yesterday": 1}
_AGO = re.compile(r"(\d{1,5}) days? ago")


def day(text: str) -> date:
    """The day that a text means; words count from today in the project's time zone, as they do in questions.

    Raises:
        typer.BadParameter: it is no day.
    """
    words = " ".join(text.lower().split())
    ago = _AGO.fullmatch(words)
    back = int(ago.group(1)) if ago else _NEAR.get(words)
    if back is not None:
        from lakehouse_assets.settings import get_settings  # settings take a tenth of a second, which no help should

        return datetime.now(ZoneInfo(get_settings().time_zone)).date() - timedelta(days=back)
    try:
        return datetime.strptime(words, "%Y-%m-%d").date()
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day; write {FORMS}.") from None


def day_or_hour(text: str) -> date:
    """The day that a text means, or the hour in UTC; see `day`.

    Raises:
        typer.BadParameter: it is neither, or a time within an hour.
    """
    try:
        return datetime.strptime(text.strip().replace(" ", "T"), "%Y-%m-%dT%H:00")
    except ValueError:
        pass
    try:
        return day(text)
    except typer.BadParameter:
        raise typer.BadParameter(f"'{text}' is neither a day nor an hour; write {FORMS}, or {HOUR_FORM}.") from None
