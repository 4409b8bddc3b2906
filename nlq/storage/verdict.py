"""What an asker thought of an answer.

Belongs here: the verdict. Does not belong here: writing it down (``journal``), its row in the lake (``store``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

VerdictName = Literal["right", "wrong"]


@dataclass(frozen=True)
class Verdict:
    """What an asker thought of an answer. Times are UTC."""

    id: str
    answer_id: str
    tenant: str | None
    verdict: VerdictName
    comment: str | None
    given_by: str | None
    given_at: datetime
