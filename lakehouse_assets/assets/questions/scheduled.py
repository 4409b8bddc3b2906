"""Questions that are asked by the clock: a YAML file says which, when, and for whom.

Belongs here: reading the file, and "every Monday 8:00" as a cron expression. Does not belong here: starting runs
(``lakehouse_assets.automation.schedules``).

    questions:
      - name: monday_backlog
        question: Backlog by ward
        at: every Monday 8:00
        time_zone: Asia/Kolkata
        tenant: pb.amritsar
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from pathlib import Path
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lakehouse_assets import bounded_yaml
from nlq.core.guard import ROLES
from nlq.storage.queue import MAX_QUESTION

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_EVERY = re.compile(
    r"every\s+(?P<days>[a-z]+(?:\s*,\s*[a-z]+|\s+and\s+[a-z]+)*)(?:\s+(?:at\s+)?(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
)
_CRON = re.compile(r"[\d*/,\-]+(\s+[\dA-Za-z*/,\-#]+){4}")


class ScheduledQuestionsError(ValueError):
    """The file cannot be read; the text names the file, the entry and what to do."""


class ScheduledQuestion(BaseModel):
    """A question and when it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")
    question: str = Field(min_length=1, max_length=MAX_QUESTION, pattern=r"\S")
    at: str
    time_zone: str = "UTC"
    tenant: str = ""
    role: str = "analyst"

    @property
    def cron(self) -> str:
        """When, as a cron expression."""
        return cron_of(self.at)

    def answer_id(self, moment: datetime) -> str:
        """Identifier of the answer of one tick, given in UTC: the same however often its run is tried."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"asklake:{self.name}:{moment.isoformat()}"))

    @field_validator("at")
    @classmethod
    def _readable(cls, at: str) -> str:
        cron_of(at)
        return at

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"there is no time zone '{zone}'; write one such as Asia/Kolkata")
        return zone

    @field_validator("role")
    @classmethod
    def _known_role(cls, role: str) -> str:
        if role not in ROLES:
            raise ValueError(f"there is no role '{role}'; there are {', '.join(sorted(ROLES))}")
        return role


def cron_of(text: str) -> str:
    """A cron expression for "every Monday 8:00", "every weekday 7:30", "every hour", or for one that is cron already.

    Raises:
        ValueError: it is none of these.
    """
    words = " ".join(text.lower().split())
    if words == "every hour":
        return "0 * * * *"
    match = _EVERY.fullmatch(words)
    if match:
        days = re.split(r"\s*,\s*|\s+and\s+", match["days"])
        hour, minute = int(match["hour"] or 0), int(match["minute"] or 0)
        if match["hour"] and hour < 24 and minute < 60 and (on := _on(days)):
            return f"{minute} {hour} * * {on}"
    elif _CRON.fullmatch(text.strip()):
        return text.strip()
    raise ValueError(f"'{text}' is no time: write “every Monday 8:00”, “every weekday 7:30” or a cron expression")


def _on(days: list[str]) -> str:
    if len(days) == 1 and days[0] in ("day", "weekday"):
        return "*" if days[0] == "day" else "1-5"
    return ",".join(str(_DAYS.index(day)) for day in days) if all(day in _DAYS for day in days) else ""


def load_questions(path: Path) -> list[ScheduledQuestion]:
    """The questions of a file; none where there is no file.

    Raises:
        ScheduledQuestionsError: the file is not of the form, or two questions share a name.
    """
    try:
        document = bounded_yaml.read(path)
    except FileNotFoundError:
        return []
    except yaml.YAMLError as error:
        raise ScheduledQuestionsError(f"{path} is not YAML: {error}") from error
    entries = document.get("questions") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ScheduledQuestionsError(f"{path} has no list 'questions': see docs/questions.md for an example")
    found: dict[str, ScheduledQuestion] = {}
    for number, entry in enumerate(entries, start=1):
        question = _entry(path, number, entry)
        if question.name in found:
            raise ScheduledQuestionsError(f"{path}: two questions are named '{question.name}': rename one")
        found[question.name] = question
    return list(found.values())


def find_question(path: Path, name: str) -> ScheduledQuestion:
    """The question of this name in the file.

    Raises:
        ScheduledQuestionsError: there is none, or the file is not of the form.
    """
    questions = {question.name: question for question in load_questions(path)}
    if name not in questions:
        known = ", ".join(sorted(questions)) or "none"
        raise ScheduledQuestionsError(f"{path} has no question named '{name}'; it has {known}")
    return questions[name]


def _entry(path: Path, number: int, entry: object) -> ScheduledQuestion:
    try:
        return ScheduledQuestion.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "entry"
        message = first["msg"].removeprefix("Value error, ")
        raise ScheduledQuestionsError(f"{path}, question {number}, {where}: {message}") from error
