"""The way of a person without a terminal and without a mouse: a question, a pinned tile, a link, an alert."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.conftest import NARROW, WIDE, opened
from tests.service.web.test_boards import computed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.timeout(240)
QUESTION = "Complaints by ward in January 2026"
_MOST_STOPS = 80


def reached(page: Page, target: Locator, key: str = "Tab") -> Locator:
    """Go on with the tab key until something has the cursor; to one that it never leads to nobody gets."""
    expect(target).to_be_visible(timeout=20_000)
    for _ in range(_MOST_STOPS):
        if target.evaluate("one => one === document.activeElement"):
            return target
        page.keyboard.press(key)
    raise AssertionError(f"the tab key does not lead to {target}")


def pressed(page: Page, target: Locator, key: str = "Tab") -> None:
    reached(page, target, key)
    page.keyboard.press("Enter")


def test_from_a_question_to_a_pinned_tile_a_link_and_an_alert_by_keys_alone(
    browser: Browser, page_service: Served
) -> None:
    for page in opened(browser, page_service, WIDE, "light", "/"):
        expect(page.locator("#question")).to_be_focused()
        page.keyboard.type(QUESTION)
        page.keyboard.press("Enter")
        pressed(page, page.get_by_role("button", name="Pin", exact=True), "Shift+Tab")  # it is above the box
        dialog = page.get_by_role("dialog")
        reached(page, dialog.get_by_role("combobox", name="Dashboard"))
        page.keyboard.press("End")
        reached(page, dialog.get_by_label("Name of the dashboard"))
        page.keyboard.press("Control+A")
        page.keyboard.type("By keys")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("heading", name="Pinned")).to_be_focused()
        pressed(page, dialog.get_by_role("link", name="Open the dashboard"))
        page.wait_for_url(re.compile("/dashboards/[0-9a-f-]{36}"))
        computed(page)
        board = page.url.split("?")[0]
        page.get_by_role("article", name=QUESTION).locator(".plot svg").wait_for()
        pressed(page, page.get_by_role("button", name="Share"))
        pressed(page, dialog.get_by_role("button", name="Make the link"))
        expect(dialog.get_by_role("heading", name="The link is made")).to_be_focused()
        link = reached(page, dialog.get_by_label("Link", exact=True)).input_value()
        page.keyboard.press("Escape")
        for stranger in opened(browser, page_service, NARROW, "dark", link):
            stranger.get_by_role("article", name=QUESTION).locator(".plot svg").wait_for()
        pressed(page, page.get_by_role("link", name="Alerts"))
        reached(page, page.get_by_label("What should you be told"))
        page.keyboard.type("tell me when complaints in ward 3 pass 100")
        page.keyboard.press("Enter")
        expect(page.locator("#offer h2")).to_be_focused(timeout=20_000)
        pressed(page, page.get_by_role("button", name="Keep it"))
        card = page.get_by_role("article")
        expect(card).to_be_focused()
        expect(card).to_contain_text("100")
        page.on("dialog", lambda dialog: dialog.accept())
        pressed(page, card.get_by_role("button", name="Remove"))
        expect(page.get_by_role("article")).to_have_count(0)
        assert page.request.delete(board).ok
