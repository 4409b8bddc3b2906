"""Dashboards that people make, in a real browser: from a question to a pinned figure, arranged by pointer and keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.conftest import NARROW, WIDE, opened
from tests.service.web.test_boards import computed
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.timeout(240)
QUESTION = "Complaints by ward in January 2026"


def pinned(page: Page, board: str, shot: Path) -> None:
    """Ask, pin the answer to a new dashboard by the keyboard, and go there."""
    page.goto(f"/ask?q={QUESTION}")
    page.locator(".card.answered").wait_for()
    opener = page.get_by_role("button", name="Pin")
    opener.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.press("Enter")
    _clean(page, shot)
    dialog.get_by_role("combobox", name="Dashboard").select_option(label="A new dashboard")
    dialog.get_by_label("Name of the dashboard").fill(board)
    page.keyboard.press("Enter")
    dialog.get_by_role("link", name="Open the dashboard").click()
    page.wait_for_url(re.compile("/dashboards/[0-9a-f-]{36}"))
    computed(page)


def at(tile: Locator) -> str:
    return tile.evaluate("one => `${getComputedStyle(one).gridColumn} ${getComputedStyle(one).gridRow}`")


def test_an_answer_is_pinned_arranged_and_undone(browser: Browser, page_service: Served, shots: Path) -> None:
    for page in opened(browser, page_service, WIDE, "light"):
        pinned(page, "Morning", shots / "pin_form_wide_light.png")
        tile = page.get_by_role("article", name=QUESTION)
        tile.locator(".plot svg").wait_for()
        page.get_by_role("button", name="Arrange").click()
        page.get_by_role("button", name="Add a text").click()
        page.get_by_label("Text", exact=True).fill("What we look at.")
        page.get_by_role("button", name="Save").click()
        words = page.locator(".tile.words")
        expect(words).to_have_text(re.compile("What we look at."))
        assert at(words) == "7 / span 6 1 / span 2"
        grip = tile.locator(".grip")
        box = grip.bounding_box()
        assert box
        page.mouse.move(box["x"] + 9, box["y"] + 9)
        page.mouse.down()
        page.mouse.move(box["x"] + 640, box["y"] + 12, steps=4)
        page.mouse.up()
        expect(page.locator(".board-tools [role=status]")).to_have_text(f"Moved “{QUESTION}”")
        assert (at(tile), at(words)) == ("7 / span 6 1 / span 4", "7 / span 6 5 / span 2"), "what lay there goes down"
        _clean(page, shots / "own_board_arranging.png")
        tile.locator(".grip").focus()
        for key in ("ArrowLeft", "Shift+ArrowDown"):
            page.keyboard.press(key)
        expect(page.locator(".board-tools [role=status]")).to_have_text(f"Moved “{QUESTION}”", timeout=10_000)
        assert at(tile) == "6 / span 6 1 / span 5"
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".board-tools [role=status]")).to_have_text("Undone")
        assert at(tile) == "7 / span 6 1 / span 4"
        page.reload()
        computed(page)
        assert at(tile) == "7 / span 6 1 / span 4", "every change was saved"
        page.get_by_label("Save this dashboard as a file").press("Enter")
        with page.expect_download() as download:
            page.get_by_role("button", name="Picture (PNG)").press("Enter")
        assert download.value.suggested_filename == "morning.png"
        address = shared(page, shots)
        seen_by_a_stranger(browser, address, shots)
        page.goto("/dashboards")
        page.get_by_role("button", name="Revoke the link to Morning").press("Enter")
        page.get_by_text("revoked · opened 1 time").wait_for()
        _clean(page, shots / "own_boards_listed.png")
        stranger = browser.new_page()
        stranger.goto(address)
        stranger.get_by_text("This link shows nothing").wait_for()
        stranger.close()


def shared(page: Page, shots: Path) -> str:
    """Share the dashboard that is open; the link."""
    page.get_by_role("button", name="Share").press("Enter")
    page.get_by_label("Sites that may show it in a frame, if any").fill("https://intranet.example.org")
    page.get_by_role("button", name="Make the link").press("Enter")
    page.get_by_role("heading", name="The link is made").wait_for()
    _clean(page, shots / "own_board_shared.png")
    address = page.get_by_label("Link", exact=True).input_value()
    assert page.get_by_label("For a page").input_value().startswith(f'<iframe src="{address}"')
    page.get_by_role("button", name="Close").press("Enter")
    return address


def seen_by_a_stranger(browser: Browser, address: str, shots: Path) -> None:
    """What a link shows, and nothing to go on to."""
    context = browser.new_context(viewport=NARROW, color_scheme="dark", reduced_motion="reduce")  # pyright: ignore
    stranger = context.new_page()
    stranger.set_default_timeout(20_000)
    stranger.goto(address)
    computed(stranger)
    stranger.get_by_role("article", name=QUESTION).locator(".plot svg").wait_for()
    assert stranger.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert stranger.get_by_role("navigation").count() == 0
    stranger.get_by_label(f"What to do with {QUESTION}").press("Enter")
    assert stranger.locator("details[open] li").all_inner_texts() == [
        "See as a table", "Save the picture", "Save as SVG", "Save as CSV"
    ]  # fmt: skip
    assert stranger.locator("details[open] ul").evaluate("one => one.getBoundingClientRect().left >= 0")
    stranger.keyboard.press("Escape")
    _clean(stranger, shots / "shared_narrow_dark.png")
    context.close()


def test_by_the_keyboard_on_a_phone_it_is_named_doubled_looked_back_at_and_removed(
    browser: Browser, page_service: Served, shots: Path
) -> None:
    for page in opened(browser, page_service, NARROW, "dark"):
        pinned(page, "On the way", shots / "pin_form_narrow_dark.png")
        page.get_by_role("button", name="Arrange").press("Enter")
        page.get_by_label(f"Change {QUESTION}").press("Enter")
        page.get_by_role("button", name="Duplicate").press("Enter")
        expect(page.locator(".tile")).to_have_count(2)
        computed(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / "own_board_narrow_dark.png")
        page.get_by_label("More to do with this dashboard").press("Enter")
        page.get_by_role("button", name="Rename …").press("Enter")
        page.get_by_label("Name", exact=True).fill("Later")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Later").wait_for()
        page.get_by_label("More to do with this dashboard").press("Enter")
        page.get_by_role("button", name="Versions …").press("Enter")
        _clean(page, shots / "own_board_versions.png")
        page.get_by_role("link", name="Look").last.press("Enter")
        page.get_by_text("This is version 1").wait_for()
        expect(page.locator(".tile")).to_have_count(1)
        page.get_by_role("button", name="Make it the newest").press("Enter")
        page.get_by_role("button", name="Arrange").wait_for()
        expect(page.get_by_role("heading", level=1)).to_have_text("On the way")
        page.get_by_label("More to do with this dashboard").press("Enter")
        page.get_by_role("button", name="Remove …").press("Enter")
        page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
        page.wait_for_url(re.compile("/dashboards$"))
        page.get_by_role("heading", name="Mine").wait_for()
        assert page.get_by_role("link", name="On the way").count() == 0
