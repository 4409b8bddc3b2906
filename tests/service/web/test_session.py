"""Keys in a real browser: typed once, for every tab and page, until signed out, revoked or over; and axe."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from nlq.storage.keys import KeyStore
from tests.service.conftest import Served
from tests.service.web.conftest import LOOKS, WIDE, opened
from tests.service.web.test_page import _clean, ask, rows_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def keys(keyed_page_service: Served) -> Iterator[KeyStore]:
    store = KeyStore(keyed_page_service.database)
    yield store
    store.close()


@pytest.fixture
def page(browser: Browser, keyed_page_service: Served) -> Iterator[Page]:
    """The chat page of a service that wants keys."""
    yield from opened(browser, keyed_page_service, WIDE, "light")


def sign_in(page: Page, key: str) -> None:
    """Type a key and press Enter."""
    page.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")


def tenants(page: Page) -> list[str]:
    return [row[0] for row in rows_of(ask(page, "complaints by tenant and channel"))]


def dialog_of(page: Page) -> str:
    page.get_by_role("dialog").wait_for()
    return page.get_by_role("dialog").inner_text()


def test_enter_uses_the_key_and_what_is_wrong_is_said(page: Page, keyed_page_service: Served) -> None:
    field = page.get_by_label("Key", exact=True)
    field.wait_for()
    assert page.evaluate("document.activeElement.id") == "key-text", "typing goes elsewhere"
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("Type or paste the key first").wait_for()
    field.fill("alk_wrong_key")
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("This key is not valid").wait_for()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert page.evaluate("document.activeElement.id") == "key-text"
    page.keyboard.type(keyed_page_service.keys["amritsar"])  # over the wrong one, which is selected
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for(state="detached")
    expect(page.get_by_text("Signed in as amritsar")).to_be_visible()
    page.locator("#catalog-list .entry").first.wait_for(state="attached")
    assert page.evaluate("document.activeElement.id") == "question"
    assert set(tenants(page)) == {"Amritsar pb.amritsar"}


def test_one_key_is_for_every_tab_and_page_and_no_script_has_it(page: Page, keyed_page_service: Served) -> None:
    page.get_by_label("Key", exact=True).wait_for()
    waiting = page.context.new_page()
    waiting.goto(f"{keyed_page_service.url}/dictionary")
    dialog_of(waiting)
    sign_in(page, keyed_page_service.keys["amritsar"])
    waiting.get_by_role("heading", name="What is in the lakehouse").wait_for()
    assert waiting.get_by_role("dialog").count() == 0
    other = page.context.new_page()
    other.goto(f"{keyed_page_service.url}/ask")
    assert set(tenants(other)) == {"Amritsar pb.amritsar"}
    page.reload()
    page.locator("#catalog-list .entry").first.wait_for(state="attached")
    assert page.get_by_role("dialog").count() == 0
    seen = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert keyed_page_service.keys["amritsar"] not in seen and json.loads(seen)[1:] == [{}, ""]


def test_not_now_leaves_a_way(page: Page, keyed_page_service: Served) -> None:
    page.get_by_label("Key", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Enter a key").wait_for()
    assert "There is no answer without a key" in page.locator("main").inner_text()
    page.get_by_role("button", name="Key and session").click()
    page.get_by_role("button", name="Not now").click()
    page.goto(f"{keyed_page_service.url}/dictionary")
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("heading", name="The data dictionary cannot be shown").wait_for()
    page.get_by_role("button", name="Enter a key").click()
    sign_in(page, keyed_page_service.keys["amritsar"])
    page.get_by_role("heading", name="What is in the lakehouse").wait_for()


def test_a_revoked_key_ends_the_session_and_the_question_is_asked_after_the_next(page: Page, keys: KeyStore) -> None:
    first, text = keys.create("leaver", tenant="pb.amritsar", role="viewer")
    sign_in(page, text)
    assert set(tenants(page)) == {"Amritsar pb.amritsar"}
    keys.revoke(first.id)
    page.get_by_label("Your question").fill("complaints by ward")
    page.keyboard.press("Enter")
    assert "Your session has ended" in dialog_of(page)
    page.get_by_label("Key", exact=True).fill(text)
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_text("mistyped, or revoked").wait_for()
    sign_in(page, keys.create("successor", tenant="pb.jalandhar", role="viewer")[1])
    page.locator(".hello").wait_for()
    assert page.locator(".turn").count() == 0, "answers of another key are still shown"
    assert set(tenants(page)) == {"Jalandhar pb.jalandhar"}


def test_a_session_that_is_over_is_opened_again_where_one_was(
    page: Page, keys: KeyStore, keyed_page_service: Served
) -> None:
    sign_in(page, keyed_page_service.keys["jalandhar"])
    for cookie in page.context.cookies():
        keys.end_session(cookie.get("value", ""))
    page.get_by_label("Your question").fill("complaints by tenant and channel")
    page.keyboard.press("Enter")
    assert "go on where you were" in dialog_of(page)
    sign_in(page, keyed_page_service.keys["jalandhar"])
    turn = page.locator(".turn").first
    turn.locator(".card.answered").wait_for()
    assert {row[0] for row in rows_of(turn)} == {"Jalandhar pb.jalandhar"}


def test_signing_out_ends_it_everywhere_and_can_leave_nothing(page: Page, keyed_page_service: Served) -> None:
    sign_in(page, keyed_page_service.keys["amritsar"])
    tenants(page)
    other = page.context.new_page()
    other.goto(f"{keyed_page_service.url}/dictionary")
    other.get_by_role("heading", name="What is in the lakehouse").wait_for()
    assert "complaints by tenant" in page.evaluate("JSON.stringify({...localStorage})")
    page.get_by_role("button", name="Key and session").click()
    shown = dialog_of(page)
    assert all(words in shown for words in ("amritsar", "viewer", "pb.amritsar"))
    page.get_by_label("Also forget my conversations").check()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Key", exact=True).wait_for()
    assert page.context.cookies() == []
    assert "complaints by tenant" not in page.evaluate("JSON.stringify({...localStorage})")
    dialog_of(other)
    assert other.get_by_role("heading", name="What is in the lakehouse").count() == 0, "it still shows what it had"


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_accessible_and_in_place(
    browser: Browser, keyed_page_service: Served, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, keyed_page_service, size, scheme):
        page.get_by_label("Key", exact=True).fill("alk_wrong_key")
        page.keyboard.press("Enter")
        page.get_by_role("alert").get_by_text("This key is not valid").wait_for()
        _clean(page, shots / f"key_{name}_{scheme}_wrong.png")
        page.get_by_role("button", name="Not now").click()
        page.get_by_role("button", name="Enter a key").wait_for()
        _clean(page, shots / f"key_{name}_{scheme}_not_now.png")
        page.goto(f"{keyed_page_service.url}/dictionary")
        dialog_of(page)
        _clean(page, shots / f"key_{name}_{scheme}_dictionary.png")
        sign_in(page, keyed_page_service.keys["amritsar"])
        page.get_by_role("button", name="Key and session").click()
        page.get_by_role("heading", name="Signed in").wait_for()
        _clean(page, shots / f"key_{name}_{scheme}_session.png")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, "the page scrolls sideways"
