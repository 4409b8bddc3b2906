"""Home and the page of an answer in a real browser: from a question to an answer that is found again; and axe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.conftest import LOOKS, opened
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_a_question_becomes_an_answer_with_an_address(
    browser: Browser, page_service: Served, unusual: str, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, page_service, size, scheme, "/"):
        page.locator("#starters a").first.wait_for()
        expect(page.get_by_role("region", name="Unusual in Complaints")).to_contain_text("Backlog of Ward 7 rose")
        _clean(page, shots / f"home_{name}_{scheme}.png")
        page.keyboard.type("complaints by channel")
        page.keyboard.press("Enter")
        card = page.locator(".card.answered")
        card.wait_for()
        expect(page).to_have_url(f"{page_service.url}/ask")
        card.get_by_role("button", name="Link").click()
        address = page.evaluate("navigator.clipboard.readText()")
        assert re.fullmatch(rf"{page_service.url}/answers/[0-9a-f-]+", address)
        rows = card.locator("tbody").first.locator("tr").count()
        page.goto(address)
        page.locator(".plot svg").wait_for()
        assert page.locator(".asked").inner_text() == "complaints by channel"
        assert page.locator("main tbody").first.locator("tr").count() == rows
        assert page.get_by_role("link", name="Ask again").get_attribute("href") == "/ask?q=complaints%20by%20channel"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / f"answer_{name}_{scheme}.png")
        page.goto("/answers/none")
        page.get_by_text("There is no answer “none”").wait_for()
