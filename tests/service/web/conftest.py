"""A headless browser on the chat page of a running service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakehouse_assets.dictionary.document import dictionary
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from tests.browser import CHROMIUM, FLAGS
from tests.service.conftest import Served, make_keys, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

WIDE = {"width": 1360, "height": 900}
NARROW = {"width": 390, "height": 844}
LOOKS = [("wide", WIDE, "light"), ("narrow", NARROW, "dark")]
"""Each width and each scheme once, for style sheets that set colors by the scheme alone."""
_contexts: dict[tuple[str | int, ...], BrowserContext] = {}
"""Those of the browser by service, width, height and scheme."""


@pytest.fixture(scope="session")
def page_service(asked_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service without keys and limits."""
    database = f"sqlite:///{tmp_path_factory.mktemp('page')}/questions.db"
    app = create_app(
        asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database,
        dictionary=partial(dictionary, asked_lake),
    )  # fmt: skip
    with served(app, database, sockets=True) as running:
        yield running


@pytest.fixture(scope="session")
def keyed_page_service(asked_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that wants keys."""
    database = f"sqlite:///{tmp_path_factory.mktemp('keyed-page')}/questions.db"
    keys = make_keys(database)
    app = create_app(
        asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database,
        dictionary=partial(dictionary, asked_lake),
    )  # fmt: skip
    with served(app, database, keys, sockets=True) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        _contexts.clear()
        browser.close()


@pytest.fixture
def page(browser: Browser, page_service: Served) -> Iterator[Page]:
    """The page as it opens; anything the browser complains of fails the test."""
    yield from opened(browser, page_service, WIDE, "light")


def opened(
    browser: Browser, service: Served, size: dict[str, int], scheme: str, address: str = "/ask"
) -> Iterator[Page]:
    """A page of a browser that has never been here; anything it complains of fails the test."""
    context = _context(browser, service.url, size, scheme)
    page = context.new_page()
    page.set_default_timeout(20_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    foreign: list[str] = []
    own = (service.url, "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else foreign.append(request.url))
    page.goto(address)
    yield page
    _close(context)
    assert foreign == [], "the page asked another host"
    refusals = [text for text in complaints if "Failed to load resource" not in text]
    assert refusals == []


def _context(browser: Browser, url: str, size: dict[str, int], scheme: str) -> BrowserContext:
    """What a browser keeps for pages of a service, a width and a scheme, emptied.

    One is kept for each with a blank page, because the first page of a new one is a window, a second's work.
    """
    key = (url, *size.values(), scheme)
    if key not in _contexts:
        _contexts[key] = browser.new_context(
            base_url=url, viewport=size, color_scheme=scheme, reduced_motion="reduce",  # pyright: ignore
            permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip
        _contexts[key].new_page()
    context = _contexts[key]
    _close(context)
    context.set_offline(False)
    context.clear_cookies()
    session = context.new_cdp_session(context.pages[0])
    session.send("Storage.clearDataForOrigin", {"origin": url, "storageTypes": "all"})
    session.send("Network.clearBrowserCache")
    session.detach()
    return context


def _close(context: BrowserContext) -> None:
    """Close the pages of a test, also of one that failed before."""
    for page in context.pages[1:]:
        page.close()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go: the test's folder, or ASKLAKE_SCREENSHOTS for someone who wants to look at them."""
    folder = Path(os.environ.get("ASKLAKE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
