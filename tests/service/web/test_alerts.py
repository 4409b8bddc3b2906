"""Alerts in a real browser: from a sentence to what is kept, muted and removed, by the keyboard alone; and axe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.conftest import NARROW, WIDE, opened
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.timeout(240)


def test_an_alert_is_made_muted_and_removed_by_the_keyboard(
    browser: Browser, page_service: Served, shots: Path
) -> None:
    for page in opened(browser, page_service, WIDE, "light", "/alerts"):
        expect(page.locator("#list .note")).to_contain_text("Nothing yet")
        page.get_by_label("What should you be told").focus()
        page.keyboard.type("tell me when complaints drop by 20 % in ward 3")
        page.keyboard.press("Enter")
        back = page.get_by_label("A question back")
        expect(back).to_contain_text("Compared with what?")
        back.get_by_role("button", name="week over week").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#offer h2")).to_be_focused(timeout=20_000)
        expect(page.locator("#offer h2")).to_contain_text("falls by 20 % or more in a whole week")
        _clean(page, shots / "alerts_wide_light.png")
        page.get_by_role("button", name="Keep it").focus()
        page.keyboard.press("Enter")
        card = page.get_by_role("article")
        expect(card).to_contain_text("Told on this page alone")
        expect(card).to_be_focused()
        card.get_by_role("button", name="Mute for a day").focus()
        page.keyboard.press("Enter")
        expect(card.locator(".badge")).to_contain_text("muted until")
        card.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(card).to_contain_text("Nothing was told yet.")
        page.on("dialog", lambda dialog: dialog.accept())
        card.get_by_role("button", name="Remove").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("article")).to_have_count(0)


def test_by_a_form_on_a_phone_in_the_dark(browser: Browser, page_service: Served, shots: Path) -> None:
    for page in opened(browser, page_service, NARROW, "dark", "/alerts"):
        page.get_by_text("By a form").click()
        page.get_by_label("Figure").select_option("pgr_complaints")
        page.get_by_label("Of any").select_option(label="Ward")
        page.get_by_label("Is told when it").select_option("lt")
        page.get_by_label("Number").fill("5")
        page.locator("#form").get_by_role("button", name="Go on").click()
        expect(page.locator("#offer h2")).to_have_text(
            "You are told when “Complaints” of any ward is below 5.", timeout=20_000
        )
        _clean(page, shots / "alerts_narrow_dark.png")
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        page.get_by_label("What should you be told").fill("complaints by ward")
        page.keyboard.press("Enter")
        expect(page.locator("#offer [role=alert]")).to_contain_text("Say what to be told of")
