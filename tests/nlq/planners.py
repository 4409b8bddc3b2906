"""Planners over the vocabularies of these tests, each made once for all of them: a planner keeps nothing of a question.

Belongs here: planners over what stands in ``vocabularies``. Does not belong here: vocabularies that one test changes.
"""

from __future__ import annotations

from functools import cache

from nlq.planning.planner import Planner
from tests.nlq import vocabularies


@cache
def planner(subject: str) -> Planner:
    """The planner over one of the vocabularies, by its name."""
    return Planner(getattr(vocabularies, subject)())
