"""Days in the time zone of whoever asks."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from pydantic import ValidationError

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.zones import Zones
from nlq.factory import open_answerer

LATE = datetime(2026, 2, 19, 20, 0)  # 1:30 the next day in India


def settings(**given: str) -> Settings:
    return Settings.model_validate({"profile": "local", **given})


def test_a_day_is_that_of_the_tenant_else_of_the_project() -> None:
    zones = Zones("America/New_York", {"pb.amritsar": "Asia/Kolkata"})
    early = datetime(2026, 2, 20, 3, 0)
    assert zones.day(early) == zones.day(early, "pb.jalandhar") == date(2026, 2, 19)
    assert zones.day(LATE, "pb.amritsar") == date(2026, 2, 20)
    assert Zones().day(LATE) == date(2026, 2, 19)
    assert [zones.name(tenant) for tenant in (None, "pb.jalandhar", "pb.amritsar")] == [
        "America/New_York", "America/New_York", "Asia/Kolkata",
    ]  # fmt: skip


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_no_calendar_ends_it(moment: datetime) -> None:
    for zone in ("America/New_York", "Asia/Kolkata"):
        assert Zones(zone).day(moment)


def test_settings_say_the_zones() -> None:
    said = settings(time_zone="Europe/London", tenant_time_zones="a=Asia/Kolkata, b = America/Lima")
    assert said.zones_of_tenants == {"a": "Asia/Kolkata", "b": "America/Lima"}
    assert settings().zones_of_tenants == {}
    assert {settings(time_zone=name).time_zone for name in ("UTC", "Etc/UTC", "Zulu", "GMT")} == {"UTC"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars"}, {"time_zone": "localtime"}, {"tenant_time_zones": "a"}, {"tenant_time_zones": "a=Mars"},
        {"tenant_time_zones": "=UTC"},
    ],
)  # fmt: skip
def test_a_zone_that_nobody_knows_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="Europe/London"):
        settings(**wrong)


@pytest.fixture
def answerer(asked_lake: Lake) -> Answerer:
    """Answers for a project in London with a tenant in India."""
    said = asked_lake.settings.model_copy(
        update={"time_zone": "Europe/London", "tenant_time_zones": "pb.amritsar=Asia/Kolkata"}
    )
    return open_answerer(Lake(said))


@pytest.mark.parametrize(
    ("caller", "today"), [(Caller("pb.amritsar", "viewer"), date(2026, 2, 20)), (Caller(), date(2026, 2, 19))]
)
def test_today_is_where_the_asker_is(answerer: Answerer, caller: Caller, today: date) -> None:
    plan = answerer.ask("complaints today", caller, LATE).plan
    assert plan and plan.time_range
    assert (plan.time_range.start, plan.time_range.end) == (today, today)
