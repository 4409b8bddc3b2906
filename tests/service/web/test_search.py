"""Searching in a real browser: by the keyboard alone, in both schemes and widths; and axe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.search.model import SHARED
from lakehouse_assets.search.store import Store, url_of
from lakehouse_assets.search.updating import update
from tests.search.passages import document
from tests.service.conftest import Served
from tests.service.web.conftest import LOOKS, WIDE, opened
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(240)
LONG = "The lamp at the market has not burnt since Monday, and nobody came. " * 8


@pytest.fixture(scope="module", autouse=True)
def indexed(asked_lake: Lake) -> Iterator[None]:
    """What is described of the lake, by words alone, and a long document."""
    store = Store(url_of(asked_lake.settings))
    update(asked_lake, platform_contracts(), store, reading_s=0.0)
    store.replace("notes", "1", [document(LONG, SHARED, key="N1")], snapshot="17")
    yield
    store.replace("notes", "2", [])
    store.close()


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_what_is_found_is_read_at_any_width(
    browser: Browser, page_service: Served, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, page_service, size, scheme, "/search?q=complaints+that+were+reopened"):
        expect(page.locator("#hits li").first).to_contain_text("Reopened", timeout=20_000)
        expect(page.locator("#told")).to_contain_text("the nearest first")
        _clean(page, shots / f"search_{name}_{scheme}.png")
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]


def test_the_keyboard_searches_chooses_kinds_and_opens_what_was_found(
    browser: Browser, page_service: Served, shots: Path
) -> None:
    for page in opened(browser, page_service, WIDE, "light"):
        page.get_by_role("link", name="Search").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("the lamp at the market")
        page.keyboard.press("Enter")
        expect(page.locator("#hits")).to_contain_text("snapshot 17", timeout=20_000)
        page.get_by_role("searchbox").fill("reopened complaints")
        page.get_by_role("checkbox", name="Figures").focus()
        page.keyboard.press("Space")
        expect(page.locator(".hit-kind").filter(has_not_text="Figure")).to_have_count(0, timeout=20_000)
        expect(page.locator("#hits li").first).to_contain_text("Reopened")
        assert "kind=metric" in page.url
        page.get_by_role("link", name="Reopened complaints", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Reopened complaints", timeout=20_000)


def test_nothing_near_is_said(browser: Browser, page_service: Served) -> None:
    for page in opened(browser, page_service, WIDE, "light", "/search?q=qwxzv"):
        expect(page.locator("#told")).to_contain_text("Nothing that you may see is near this", timeout=20_000)
        expect(page.locator("#hits li")).to_have_count(0)


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_the_chat_answers_a_question_for_text_with_passages_and_their_source(
    browser: Browser, page_service: Served, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, page_service, size, scheme):
        page.get_by_label("Your question").fill("find documents about the lamp at the market")
        page.keyboard.press("Enter")
        card = page.get_by_role("article", name="Text, no figures")
        expect(card).to_contain_text("Text found, no figures", timeout=20_000)
        expect(card.get_by_role("listitem")).to_contain_text("snapshot 17")
        expect(card.get_by_role("button", name="Copy")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        _clean(page, shots / f"texts_{name}_{scheme}.png")
        page.get_by_label("Your question").fill("which dashboard shows the backlog")
        page.keyboard.press("Enter")
        tiles = page.get_by_role("article", name="Text, no figures").nth(1)
        expect(tiles.get_by_role("link").first).to_have_attribute("href", "/dashboards/pgr.complaints", timeout=20_000)
        tiles.get_by_role("group", name="Figures").get_by_role("button").first.click()
        expect(page.locator(".card.answered")).to_be_visible(timeout=20_000)
