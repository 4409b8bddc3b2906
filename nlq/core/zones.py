"""In whose time zone a day is: the tenant's, else the project's.

Belongs here: whose zone that is, and which day a moment falls on for a caller. Does not belong here: which day a row
falls on, which is always a matter of the project's zone (lakehouse.zones).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo


class Zones:
    """The time zones of a project and of the tenants that have another, by IANA names."""

    def __init__(self, project: str = "UTC", tenants: Mapping[str, str] = MappingProxyType({})) -> None:
        """Load the zones.

        Raises:
            ZoneInfoNotFoundError: there is no such zone.
        """
        self._project = ZoneInfo(project)
        self._tenants = {tenant: ZoneInfo(zone) for tenant, zone in tenants.items()}

    def name(self, tenant: str | None) -> str:
        """The name of a tenant's zone; that of the project's without one, or where it has none of its own."""
        return self._of(tenant).key

    def day(self, moment: datetime, tenant: str | None = None) -> date:
        """The day on which a moment, UTC without zone, falls where a tenant is; without one, where the project is."""
        try:
            return moment.replace(tzinfo=UTC).astimezone(self._of(tenant)).date()
        except OverflowError:
            return moment.date()  # at either end of the calendar

    def _of(self, tenant: str | None) -> ZoneInfo:
        return self._tenants.get(tenant, self._project) if tenant else self._project
