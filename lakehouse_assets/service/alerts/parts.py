"""The parts of alerts put together over one lake, for the service, the sensors and the commands.

Belongs here: putting together. Does not belong here: any part, or Dagster's instance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse_assets.alerts.keeper import Around, Keeper
from lakehouse_assets.alerts.messages import MOST_TABLES, Table, table_of
from lakehouse_assets.alerts.model import Kept
from lakehouse_assets.alerts.outbox import Outbox
from lakehouse_assets.alerts.platform import Platform, Succeeded
from lakehouse_assets.alerts.sending.sender import Sender
from lakehouse_assets.alerts.store import AlertStore
from lakehouse_assets.alerts.targets import Targets
from lakehouse_assets.alerts.wishes import Wishes
from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import KeptBoards
from lakehouse_assets.exporting.report import not_whole
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.ingest.sources import all_sources
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers, narrowed
from nlq.core.zones import Zones
from nlq.storage.keys import KeyStore
from nlq.watching.judging import NotJudgedError

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.answering.answer import Answerer


@dataclass(frozen=True)
class AlertParts:
    """Alerts over one lake; `close` lets go of the database."""

    store: AlertStore
    outbox: Outbox
    targets: Targets
    sender: Sender
    keys: KeyStore
    boards: KeptBoards
    zones: Zones

    @classmethod
    def open(cls, lake: Lake, url: str = "") -> AlertParts:
        """Open the database at a SQLAlchemy URL; that of the settings if none is named."""
        settings = lake.settings
        database = url or settings.queue_url
        outbox, zones = Outbox(database), Zones(settings.time_zone, settings.zones_of_tenants)
        store, keys, boards = AlertStore(database), KeyStore(database), KeptBoards(database)
        return cls(store, outbox, Targets(settings), Sender(settings, outbox), keys, boards, zones)

    def wishes(self, answerer: Answerer, dashboards: DashboardHandlers, asker: Asker) -> Wishes:
        """What understands the wishes of an asker."""

        def titles() -> dict[str, str]:
            return {one.id: one.title for one in dashboards.list(asker).dashboards}

        return Wishes(answerer, self.targets, self.zones.name, titles, lambda: sorted(all_sources()))

    def keeper(self, lake: Lake, answerer: Callable[[], Answerer], succeeded: Succeeded, load_job: str) -> Keeper:
        """What judges alerts and makes what is sent by the clock."""

        def dashboard(alert: Kept, now: datetime) -> tuple[str, list[Table], list[str]]:
            return tables_of(self.dashboards(lake, answerer()), alert, now)

        around = Around(self.zones, self._valid, lake.settings.public_url, dashboard)
        return Keeper(self.store, answerer, Platform(lake, succeeded, load_job), around)

    def dashboards(self, lake: Lake, answerer: Answerer) -> DashboardHandlers:
        """The dashboards of the project, and those that people made."""
        return DashboardHandlers(lake, answerer, ProjectDashboards(lake.settings.project_root), self.boards)

    def _valid(self) -> frozenset[str]:
        return frozenset(key.id for key in self.keys.list() if key.revoked_at is None)

    def close(self) -> None:
        """Close all connections."""
        for part in (self.store, self.outbox, self.keys, self.boards):
            part.close()


def tables_of(dashboards: DashboardHandlers, alert: Kept, now: datetime) -> tuple[str, list[Table], list[str]]:
    """The title of a dashboard and the figures of its pages, as who made the subscription sees them.

    Returns:
        The title, the tables, and lines to be told beside them: what it is narrowed to, which figures are not whole,
        and which are not there.

    Raises:
        NotJudgedError: there is none any more that they may see.
    """
    assert alert.draft.dashboard is not None
    asker = Asker(alert.caller, alert.made_by, alert.key_id or None)
    try:
        shown = dashboards.show(asker, alert.draft.dashboard)
        tables: list[Table] = []
        beside = [f"Only {only}." for only in narrowed(shown, None)]
        more, heads = 0, None
        for page in shown.pages:
            seen = dashboards.look(asker, shown.id, TilesWanted(page=page.id, now=now), heads)
            heads = seen.heads
            for tile in seen.tiles:
                if len(tables) == MOST_TABLES:
                    more += 1
                    continue
                answer = dashboards.compute(asker, seen, tile).answer
                if answer.outcome == "answered":
                    tables.append(table_of(answer, tile.title))
                    beside += [f"{tile.title}: {says}" for says in not_whole(answer)]
                else:
                    beside.append(f"{tile.title}: {answer.sentence}")
        return shown.title, tables, [*beside, *([f"{more} more figures are on its page."] if more else [])]
    except ApiError as error:
        raise NotJudgedError(error.message) from None
