"""The insights in a real browser, wide and narrow, light and dark; and axe."""

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

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_the_insights_of_each_domain_are_read_and_looked_into(
    browser: Browser, page_service: Served, unusual: str, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, page_service, size, scheme, "/insights"):
        expect(page.get_by_role("region", name="Complaints")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("navigation").locator("[aria-current=page]")).to_have_text("Insights")
        expect(page.locator(".insight").first).to_contain_text("Backlog of Ward 7 rose to another level")
        outlook = page.locator(".insight").filter(has_text="Outlook").first
        outlook.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(outlook.get_by_role("table")).to_contain_text("expected")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / f"insights_{name}_{scheme}.png")
        outlook.get_by_role("button", name="Show the figures").click()
        expect(page).to_have_url(re.compile("/answers/"), timeout=60_000)
