"""A table has days of one time zone: a part of it is not replaced by days of another, all of it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from lakehouse_assets.lakehouse.iceberg.days_of import OtherZoneError, zone_noted
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.upkeep.maintenance import tend
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import READINGS, count, publish, rows

DAY = ReplacePartitions((date(2024, 1, 3),))
Open = Callable[[str], Lake]


@pytest.fixture
def open_in(settings: Settings) -> Open:
    return lambda zone: Lake(settings.model_copy(update={"time_zone": zone}))


def noted(lake: Lake) -> str | None:
    return zone_noted(lake.catalog.load_table(READINGS.identifier).metadata)


def test_days_of_two_zones_are_not_mixed(open_in: Open) -> None:
    publish(open_in("UTC"), rows("2024-01-01", 5), ReplaceTable())
    kolkata = open_in("Asia/Kolkata")
    for part in (DAY, Append()):
        with pytest.raises(OtherZoneError, match=r"silver\.readings has days of UTC, and ASKLAKE_TIME_ZONE is Asia"):
            publish(kolkata, rows("2024-01-03", 1), part)
    assert (noted(kolkata), count(kolkata)) == ("UTC", 15)

    publish(kolkata, rows("2024-01-02", 5), ReplaceTable())
    publish(kolkata, rows("2024-01-03", 1, meters=1), DAY)

    assert (noted(kolkata), count(kolkata)) == ("Asia/Kolkata", 13)
    with pytest.raises(OtherZoneError, match="asklake rezone"):
        publish(open_in("UTC"), rows("2024-01-03", 1), DAY)


def test_what_the_platform_notes_of_itself_has_days_of_utc(open_in: Open) -> None:
    own = replace(READINGS, days_of_utc=True)
    publish(open_in("UTC"), rows("2024-01-01", 5), ReplaceTable(), (own,))
    publish(open_in("Asia/Kolkata"), rows("2024-01-06", 1), Append(), (own,))
    assert count(open_in("UTC")) == 18


def test_a_table_of_another_zone_is_not_read_to_build_from_it(open_in: Open) -> None:
    publish(open_in("UTC"), rows("2024-01-01", 5), ReplaceTable())
    for zone, refused in (("UTC", False), ("Asia/Kolkata", True)):
        with begin(open_in(zone), run_id="test") as publication:
            if refused:
                with pytest.raises(OtherZoneError):
                    publication.refuse_other_days([READINGS])
            else:
                publication.refuse_other_days([READINGS])


def test_rows_that_are_only_put_together_keep_their_zone(open_in: Open) -> None:
    kolkata, utc = open_in("Asia/Kolkata"), open_in("UTC")
    for _ in range(8):
        publish(kolkata, rows("2024-01-01", 1, meters=1), Append(), (replace(READINGS, key=()),))
    assert tend(utc, replace(READINGS, key=()), run_id="test")[0] == 1
    assert (noted(utc), count(utc)) == ("Asia/Kolkata", 8)
