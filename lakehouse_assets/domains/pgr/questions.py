"""The ten questions of the demo: plain questions, answered by the rules like any other.

Belongs here: the questions. Does not belong here: anything that treats them specially.
"""

from __future__ import annotations

QUESTIONS: tuple[str, ...] = (
    "How many complaints are there in total?",
    "Complaints by ward",
    "Which ward has the most complaints?",
    "What is the SLA breach rate by ward?",
    "Average turnaround by complaint type",
    "Monthly trend of complaints",
    "Open complaints by channel",
    "Top 5 complaint types by number of complaints",
    "Resolution rate by month",
    "How many complaints were closed last month, by ward?",
)
"""What a manager asks on a Monday morning."""
