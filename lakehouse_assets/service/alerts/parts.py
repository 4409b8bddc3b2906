"""The parts of alerts put together over one lake, for the service, the sensors and the commands.

Belongs here: putting together. Does not belong here: any part, or Dagster's instance.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse_assets.alerts.keeper import Around, Keeper, Paper
from lakehouse_assets.alerts.messages import MOST_TABLES, File, Table, table_of
from lakehouse_assets.alerts.model import Kept
from lakehouse_assets.alerts.outbox import Outbox
from lakehouse_assets.alerts.platform import Platform, Succeeded
from lakehouse_assets.alerts.sending.sender import Sender
from lakehouse_assets.alerts.store import AlertStore
from lakehouse_assets.alerts.targets import Targets, TargetsError, UnknownTargetError
from lakehouse_assets.alerts.unusual import seen_unusual
from lakehouse_assets.alerts.wishes import Wishes
from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import KeptBoards
from lakehouse_assets.exporting.export import Format, export
from lakehouse_assets.exporting.paged import ExportMissingError
from lakehouse_assets.exporting.report import not_whole, report_of
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.ingest.sources import all_sources
from lakehouse_assets.service.admission.access import ANONYMOUS, Asker
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.exporting import report_of_dashboard
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers, narrowed
from nlq.core.zones import Zones
from nlq.storage.keys import KeyStore
from nlq.watching.conditions import Unusual
from nlq.watching.judging import NotJudgedError
from nlq.watching.states import Seen

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.answering.answer import Answerer
    from nlq.answering.document.model import Answer

MOST_PAPER = 5_000_000
"""Bytes of a PDF that is sent by mail."""
_log = logging.getLogger(__name__)


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

        def paper(alert: Kept, answer: Answer | None, now: datetime) -> Paper:
            if not self._mailed(alert):
                return ""
            handlers = None if answer else self.dashboards(lake, answerer())
            return paper_of(alert, answer, handlers, now)

        def unusual(alert: Kept, condition: Unusual, heads: Mapping[str, str]) -> tuple[Seen, ...]:
            return seen_unusual(lake, answerer(), alert, condition, heads)

        around = Around(
            self.zones, self._valid, self._ends_keyless, lake.settings.public_url, dashboard, paper, unusual
        )  # fmt: skip
        return Keeper(self.store, answerer, Platform(lake, succeeded, load_job), around)

    def dashboards(self, lake: Lake, answerer: Answerer) -> DashboardHandlers:
        """The dashboards of the project, and those that people made."""
        return DashboardHandlers(lake, answerer, ProjectDashboards(lake.settings.project_root), self.boards)

    def _valid(self) -> frozenset[str]:
        return frozenset(key.id for key in self.keys.list() if key.revoked_at is None)

    def _ends_keyless(self, made_by: str) -> bool:
        """Whether what was made without a key ends: what pages made for nobody, not what the operator did."""
        return made_by == ANONYMOUS.name and self.keys.any()

    def _mailed(self, alert: Kept) -> bool:
        """Whether anything of an alert goes by mail, which alone carries files; it may, while nobody can tell."""
        for name in alert.draft.targets:
            with suppress(UnknownTargetError):
                try:
                    if self.targets.find(name, alert.caller).kind == "email":
                        return True
                except TargetsError:
                    return True  # what waits for the file to be mended is whole then
        return False

    def close(self) -> None:
        """Close all connections."""
        for part in (self.store, self.outbox, self.keys, self.boards):
            part.close()


def paper_of(alert: Kept, answer: Answer | None, dashboards: DashboardHandlers | None, now: datetime) -> Paper:
    """What a subscription sends, as a PDF; else in a sentence why there is none.

    Args:
        alert: The subscription.
        answer: Its answer, where it is one.
        dashboards: What computes its dashboard, where it is one.
        now: When, UTC.
    """
    try:
        if answer is not None:
            report = report_of(answer, alert.draft.name)
        else:
            assert dashboards is not None and alert.draft.dashboard is not None
            asker = Asker(alert.caller, alert.made_by, alert.key_id or None)
            report = report_of_dashboard(dashboards, asker, alert.draft.dashboard, TilesWanted(now=now))
        content = export(report, Format.PDF)
    except ExportMissingError as error:
        return f"Without its PDF: {error}."
    except Exception:  # the figures are there all the same, and go without it
        _log.exception("the PDF of subscription %s could not be written", alert.id)
        return f"Without its PDF, which could not be written; the log has it under {alert.id}."
    if len(content) > MOST_PAPER:
        return f"Without its PDF, which is larger than {MOST_PAPER // 1_000_000} MB."
    name = re.sub(r"[^a-z0-9]+", "-", report.title.casefold()).strip("-")[:60] or "figures"
    return File(name=f"{name}.pdf", media_type=Format.PDF.media_type, content=b64encode(content))


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
