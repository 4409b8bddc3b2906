"""Questions that are asked by the clock: a YAML file says which, when, and for whom.

Belongs here: reading the file. Does not belong here: times in words (``nlq.watching.times``), starting runs
(``lakehouse_assets.automation.schedules``).

    questions:
      - name: monday_backlog
        question: Backlog by ward
        at: every Monday 8:00
        time_zone: Asia/Kolkata
        tenant: pb.amritsar
"""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from lakehouse_assets import bounded_yaml
from lakehouse_assets.settings.types import zones
from nlq.core.guard import ROLES
from nlq.storage.queue import MAX_QUESTION
from nlq.watching.times import cron_of


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
        if zone not in zones():
            raise ValueError(f"there is no time zone '{zone}'; write one such as Asia/Kolkata")
        return zone

    @field_validator("role")
    @classmethod
    def _known_role(cls, role: str) -> str:
        if role not in ROLES:
            raise ValueError(f"there is no role '{role}'; there are {', '.join(sorted(ROLES))}")
        return role


def load_questions(path: Path) -> list[ScheduledQuestion]:
    """The questions of a file; none where there is no file.

    Raises:
        ScheduledQuestionsError: the file is not of the form, or two questions share a name.
    """
    try:
        document = bounded_yaml.read(path)
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduledQuestionsError(f"{path} cannot be read: {error}") from error
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
