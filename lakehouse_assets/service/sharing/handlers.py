"""What the addresses of links do, without HTTP: make, list and end one's own; show what one shows.

Belongs here: the course of each. Does not belong here: who is admitted (admission.access), keeping links
(nlq.storage.links).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers, Seen, narrowed, owners
from lakehouse_assets.service.questions.handlers import Handlers
from lakehouse_assets.service.sharing.documents import (
    Chosen,
    LinkDocument,
    LinkMade,
    Links,
    NewLink,
    SharedDocument,
    board_without_means,
    without_means,
)
from nlq.storage.links import Link, LinkStore, Shown, TooManyLinksError

if TYPE_CHECKING:
    from fastapi import Request

    from lakehouse_assets.service.admission.access import Access, Asker


@dataclass(frozen=True)
class SharingHandlers:
    """The parts that sharing needs. All methods wait for a database or the engine: call them in worker threads."""

    links: LinkStore
    access: Access
    dashboards: DashboardHandlers
    questions: Handlers

    def create(self, asker: Asker, wanted: NewLink) -> LinkMade:
        """Make a link to what the asker may see.

        Raises:
            ApiError: there is nothing of this id that the asker may see, or no such page or filter, or too many links.
        """
        shown = self._shown(asker, wanted)
        life = timedelta(days=wanted.days)
        try:
            link, text = self.links.create(asker.key_id or "", asker.caller, shown, life, wanted.origins)
        except TooManyLinksError as error:
            raise ApiError(422, "too_many", f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
        logger().info("link_made", link=link.id, shows=shown.kind, target=shown.target, key_id=asker.key_id)
        return LinkMade(**LinkDocument.of(link).model_dump(), address=f"/shared/{link.id}#{text}")

    def list(self, asker: Asker) -> Links:
        """The asker's links."""
        return Links(links=tuple(LinkDocument.of(link) for link in self.links.of(owners(asker))))

    def revoke(self, asker: Asker, link_id: str) -> None:
        """End a link of the asker's at once.

        Raises:
            ApiError: there is none.
        """
        if not self.links.revoke(link_id, owners(asker)):
            raise ApiError(404, "unknown_link", f"There is no link “{link_id[:64]}” of yours.")
        logger().info("link_revoked", link=link_id, key_id=asker.key_id)

    def admit(self, request: Request, link_id: str) -> tuple[Asker, Link]:
        """Who made a link, for whoever has it.

        Raises:
            ApiError: see ``Access.by_link``.
        """
        return self.access.by_link(request, self.links, link_id)

    def origins(self, request: Request, link_id: str) -> tuple[str, ...]:
        """The sites that may show a link in a frame.

        Raises:
            ApiError: too many calls.
        """
        self.access.count(request)
        return self.links.origins(link_id)

    def show(self, asker: Asker, link: Link) -> SharedDocument:
        """What a link shows, and count that it was opened.

        Raises:
            ApiError: it is no more.
        """
        plain = {"kind": link.shown.kind, "title": link.shown.title, "expires_at": link.expires_at}
        if link.shown.kind == "answer":
            answer = self.questions.answer(asker, link.shown.target)
            drawing = self.questions.chart(asker, link.shown.target, None) if answer.chart else None
            found = SharedDocument(**plain, only=answer.filters, answer=without_means(answer), drawing=drawing)
        else:
            chosen = _chosen(link)
            board = self.dashboards.show(asker, link.shown.target)
            found = SharedDocument(
                **plain, only=narrowed(board, chosen.filters), dashboard=board_without_means(board, chosen.page)
            )
        self.links.count(link.id)
        logger().info("link_opened", link=link.id, shows=link.shown.kind, target=link.shown.target)
        return found

    def look(self, asker: Asker, link: Link, page: str | None) -> Seen:
        """The tiles of a page that a link shows.

        Raises:
            ApiError: it shows no dashboard, or not this page.
        """
        chosen = _chosen(link)
        if link.shown.kind != "dashboard" or (chosen.page and page not in (None, chosen.page)):
            raise ApiError(422, "unknown_page", "This link does not show that page.")
        wanted = TilesWanted(
            page=page or chosen.page, period=chosen.period, time_range=chosen.time_range, filters=chosen.filters
        )
        return self.dashboards.look(asker, link.shown.target, wanted)

    def _shown(self, asker: Asker, wanted: NewLink) -> Shown:
        if wanted.answer:
            answer = self.questions.answer(asker, wanted.answer)
            if answer.outcome != "answered":
                raise ApiError(422, "nothing_to_show", f"The question was {answer.outcome}: there is nothing to show.")
            return Shown("answer", wanted.answer, wanted.title or answer.question[:120])
        assert wanted.dashboard
        chosen = wanted.chosen
        tiles = TilesWanted(
            page=chosen.page, period=chosen.period, time_range=chosen.time_range, filters=chosen.filters, tiles=()
        )
        self.dashboards.look(asker, wanted.dashboard, tiles)  # refuses a page or a filter that there is not
        board = self.dashboards.show(asker, wanted.dashboard)
        return Shown("dashboard", wanted.dashboard, wanted.title or board.title, chosen.model_dump_json())


def _chosen(link: Link) -> Chosen:
    return Chosen.model_validate_json(link.shown.chosen)
