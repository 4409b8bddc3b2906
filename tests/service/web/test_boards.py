"""Dashboards in a real browser: figures in a grid, filtered by clicks, found by address; the keyboard; and axe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.http.attacked import within
from tests.service.conftest import Served
from tests.service.routes.test_live import moved
from tests.service.web.conftest import NARROW, WIDE, opened
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.timeout(240)
DAYS = "from=2025-03-01&to=2026-01-31"
ADDRESS = f"/dashboards/pgr.complaints?{DAYS}"


def computed(page: Page) -> None:
    """Wait for all figures."""
    page.locator(".tile").first.wait_for()
    expect(page.locator(".tile[aria-busy]")).to_have_count(0, timeout=30_000)


def test_a_dashboard_is_looked_at_filtered_and_left_for_an_answer(
    browser: Browser, page_service: Served, shots: Path
) -> None:
    for page in opened(browser, page_service, WIDE, "light", "/dashboards"):
        page.get_by_role("link", name="Complaints", exact=True).click()
        page.goto(ADDRESS)
        computed(page)
        tile = page.get_by_role("article", name="Waiting by priority")
        tile.locator(".plot svg").wait_for()
        _clean(page, shots / "board_wide_light.png")
        tile.locator(".plot .mark-rect.role-mark path").first.click()
        chip = page.get_by_label("Shown only").get_by_role("button", name=re.compile("^Without Priority: "))
        chip.wait_for()
        assert re.search(r"[?&]priority=[A-Z]+", page.url)
        computed(page)
        assert tile.locator(".hidden tbody tr").count() == 1
        page.reload()
        chip.click()
        computed(page)
        assert "priority=" not in page.url
        expect(tile.locator(".plot .mark-rect.role-mark path")).not_to_have_count(1, timeout=20_000)
        page.go_back()
        chip.wait_for()
        page.get_by_role("link", name="Wards").click()
        computed(page)
        assert "priority=" in page.url and "page=wards" in page.url
        tile = page.get_by_role("article", name="Complaints by ward")
        tile.get_by_label("What to do with Complaints by ward").click()
        tile.get_by_role("button", name="See as a table").click()
        assert tile.get_by_role("columnheader").all_inner_texts()[:2] == ["Ward", "Complaints"]
        tile.get_by_label("What to do with Complaints by ward").click()
        tile.get_by_role("button", name="Open as an answer").click()
        page.wait_for_url(re.compile("/answers/[0-9a-f-]+$"))
        page.locator(".card.answered").wait_for()


def test_a_month_is_looked_into_by_its_days(browser: Browser, page_service: Served) -> None:
    for page in opened(browser, page_service, WIDE, "dark", f"{ADDRESS}&page=backlog"):
        computed(page)
        tile = page.get_by_role("article", name="Received and settled by week")
        tile.locator(".plot .mark-rect.role-mark path").nth(3).click()
        page.wait_for_url(re.compile(r"from=\d{4}-\d\d-\d\d&to="))
        page.get_by_label("Shown only").get_by_role("button").first.wait_for()


def test_by_the_keyboard_on_a_phone(browser: Browser, page_service: Served, shots: Path) -> None:
    for page in opened(browser, page_service, NARROW, "dark", ADDRESS):
        computed(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / "board_narrow_dark.png")
        page.locator("summary", has_text="Ward").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.get_by_label("Shown only").wait_for()
        assert "ward_id=" in page.url
        computed(page)


def test_what_is_not_there_is_told_with_a_way_on(browser: Browser, page_service: Served) -> None:
    for page in opened(browser, page_service, WIDE, "light", "/dashboards/none"):
        page.get_by_text("There is no dashboard “none”").wait_for()
        expect(page.get_by_role("link", name="All dashboards")).to_be_visible()
        page.goto("/dashboards/pgr.complaints?from=1990-01-01&to=1990-01-31")
        computed(page)
        assert (
            "1990" in page.locator(".tile").first.inner_text() or "nothing" in page.locator(".tile").first.inner_text()
        )


def test_figures_that_found_no_room_in_time_are_asked_for_again(browser: Browser, page_service: Served) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        found = route.fetch()
        page = found.json()
        if not asked:
            late = page["tiles"][0]["answer"]
            late.update(outcome="failed", error="overloaded", sentence="Too many questions at once", rows=[])
        asked.append(route.request.url)
        route.fulfill(response=found, json=page)

    for page in opened(browser, page_service, WIDE, "light", "/dashboards"):
        page.route("**/tiles", answer)
        page.goto(ADDRESS)
        computed(page)
        assert len(asked) == 2
        page.get_by_role("article", name="Complaints received").locator(".figure").wait_for()


def test_figures_come_by_themselves_after_a_publication(
    browser: Browser, page_service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = page_service.app.state.live
    publish = moved(page_service, monkeypatch)
    for page in opened(browser, page_service, WIDE, "light", ADDRESS):
        computed(page)
        within(20, lambda: live.followed == 1)
        (group,) = live._groups.values()
        within(20, lambda group=group: bool(group.sent))
        publish("gold.gold_pgr_backlog_daily")
        status = page.locator("p.quiet-text[role=status]")
        expect(status).to_contain_text("updated just now", timeout=20_000)
        expect(page.locator(".tile[aria-busy]")).to_have_count(0)
    within(20, lambda: live.followed == 0)
