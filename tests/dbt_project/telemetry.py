"""What the tests of the telemetry models share: records as an application sends them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from tests.dbt_project import building
from tests.dbt_project.building import CONTRACTS

MODELS = tuple(c.table for c in CONTRACTS.values() if c.domain == "telemetry" and c.layer in ("silver", "gold"))
STEPS = ("Visit", "Sign up", "Use")


class Sent(building.Sent):
    """A record of one of the five tables, which have no prefix."""

    PREFIX = ""
    TENANT = "org"
    TIMES: ClassVar = {
        "users": ("change_date", "changed_at"), "feature_usage_hourly": ("usage_date", "window_start"),
        "sessions": ("session_date", "session_start"), "experiments": ("assigned_date", "assigned_at"),
        "funnel_events": ("step_date", "reached_at"),
    }  # fmt: skip


def user(name: str, at: datetime, tier: str = "Free", *, signed_up: datetime | None = None, age: int = 30) -> Sent:
    values = {"user_id": name, "condition": tier, "first_seen": signed_up or at, "age": age, "region": "Europe"}
    return Sent("users", f"{name}/{at}", at, values)


def use(name: str, at: datetime, feature: str = "search", *, events: int = 1, session: str = "s") -> Sent:
    hour = at.replace(minute=0, second=0, microsecond=0)
    values = {"user_id": name, "feature": feature, "event_count": events, "session_id": session}
    return Sent("feature_usage_hourly", f"{name}/{feature}/{hour}", hour, values)


def session(name: str, user_id: str, at: datetime, *, minutes: int = 20) -> Sent:
    values = {
        "session_id": name,
        "user_id": user_id,
        "session_end": at + timedelta(minutes=minutes),
        "device": "MOBILE",
    }
    return Sent("sessions", name, at, values)


def part(name: str, experiment: str, variant: str, at: datetime, converted: datetime | None = None) -> Sent:
    values = {
        "user_id": name, "experiment_id": experiment, "experiment_name": experiment, "variant": variant,
        "converted_at": converted, "updated_at": converted or at,
    }  # fmt: skip
    return Sent("experiments", f"{experiment}/{name}/{converted or at}", at, values)


def step(name: str, order: int, at: datetime, funnel: str = "onboarding") -> Sent:
    values = {"user_id": name, "funnel_type": funnel, "funnel_step": STEPS[order - 1], "step_order": order}
    return Sent("funnel_events", f"{funnel}/{name}/{order}", at, values)
