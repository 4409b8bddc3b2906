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
    from playwright.sync_api import Browser, Page

WIDE = {"width": 1360, "height": 900}
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def page_service(asked_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service without keys and limits."""
    database = f"sqlite:///{tmp_path_factory.mktemp('page')}/questions.db"
    app = create_app(
        asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database,
        dictionary=partial(dictionary, asked_lake),
    )  # fmt: skip
    with served(app, database) as running:
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
    with served(app, database, keys) as running:
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
        browser.close()


@pytest.fixture
def page(browser: Browser, page_service: Served) -> Iterator[Page]:
    """The page as it opens; anything the browser complains of fails the test."""
    yield from opened(browser, page_service, WIDE, "light")


def opened(
    browser: Browser, service: Served, size: dict[str, int], scheme: str, address: str = "/ask"
) -> Iterator[Page]:
    context = browser.new_context(
        base_url=service.url, viewport=size, color_scheme=scheme, reduced_motion="reduce",  # pyright: ignore
        permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
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
    context.close()
    assert foreign == [], "the page asked another host"
    refusals = [text for text in complaints if "Failed to load resource" not in text]
    assert refusals == []


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go: the test's folder, or ASKLAKE_SCREENSHOTS for someone who wants to look at them."""
    folder = Path(os.environ.get("ASKLAKE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
