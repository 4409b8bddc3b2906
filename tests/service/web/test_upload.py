"""The upload page in a real browser: a file is chosen or dropped, seen, loaded; by keyboard, on a phone, and axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore
from tests.service.conftest import Served, served
from tests.service.web.conftest import NARROW, WIDE, opened
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.timeout(180)
ADDRESS = "/upload"
SALES = b"""tenant_id,sale_time,order_id,line_id,product_id,country,quantity,unit_price
t1,2026-02-01T10:00:00,a1,1,P1,Malta,2,2.50
t1,2026-02-01T10:05:00,a2,1,P2,<b>Chad</b>,many,1.00
t1,2026-02-01T10:10:00,a3,1,P1,Peru,1,2.50
"""
PLANETS = b"planet,discovered,mass\nUranus,1781-03-13,14.5\nNeptune,1846-09-23,17.1\n"


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("upload-page")
    database = f"sqlite:///{home}/questions.db"
    lake = Lake(Settings(profile="local", home=home, landing="", upload_most="1MB"))
    with served(create_app(lake, loopback=True, limiter=LimiterInProcess(()), database=database), database) as running:
        yield running


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": content})


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_a_file_is_seen_and_loaded(
    browser: Browser, taking: Served, shots: Path, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, taking, size, scheme, ADDRESS):
        page.locator("#limits", has_text="up to 1 MB").wait_for()
        _clean(page, shots / f"upload-empty-{scheme}.png")
        choose(page, "sales.csv", SALES + scheme.encode() + b"\n")
        page.get_by_text("2 would be loaded, 2 would go to quarantine").wait_for(timeout=60_000)  # processes start
        assert page.locator("#source").input_value() == "sales_csv"
        faults = page.get_by_role("region", name="Records that would go to quarantine")
        assert faults.locator("tbody tr").count() == 2
        assert "<b>Chad</b>" in faults.inner_text()
        page.get_by_text("What its rows are like").press("Enter")
        page.locator(".profile-head", has_text="quality").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / f"upload-preview-{scheme}.png")

        load = page.get_by_role("button", name="Load", exact=True)
        load.focus()
        page.keyboard.press("Enter")
        page.get_by_text("Why records are in quarantine").wait_for()
        assert page.locator(".figures strong").all_inner_texts() == ["4", "2", "2"]
        expect(page.locator("#job a")).to_have_attribute("href", re.compile(r"^/ask\?q=\w+"))
        assert "Loaded" in page.locator("#list li").first.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / f"upload-loaded-{scheme}.png")


def test_a_file_of_nothing_known_is_dropped_and_drafted_and_forgotten_by_keyboard(
    browser: Browser, taking: Served, shots: Path
) -> None:
    for page in opened(browser, taking, NARROW, "light", ADDRESS):
        page.locator("#limits", has_text="up to 1 MB").wait_for()
        page.evaluate(
            """text => { const data = new DataTransfer(); data.items.add(new File([text], "planets.csv"));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true })); }""",
            PLANETS.decode(),
        )
        page.get_by_text("A new source for it would be planets").wait_for(timeout=60_000)
        assert page.get_by_role("button", name="Load", exact=True).is_disabled()
        _clean(page, shots / "upload-draft.png")
        page.select_option("#source", "sales_csv")
        page.get_by_role("alert").filter(has_text="lacks the field").wait_for()
        page.get_by_role("button", name="Forget planets.csv").focus()
        page.keyboard.press("Enter")
        page.get_by_text("planets.csv was removed").wait_for()
        assert page.evaluate("document.activeElement.id") == "file"


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_a_draft_is_decided_tried_accepted_and_loaded(
    browser: Browser, taking: Served, shots: Path, size: dict[str, int], scheme: str
) -> None:
    ships = f"Ship,Sails,Crew {scheme}\nArgo,03/04/2026,50\nPequod,05/06/2026,many\n".encode()
    for page in opened(browser, taking, size, scheme, ADDRESS):
        page.locator("#limits", has_text="up to 1 MB").wait_for()
        choose(page, f"ships {scheme}.csv", ships)
        page.get_by_label("Tenant").fill("t1", timeout=60_000)
        page.get_by_label("Name").fill(f"ships_{scheme}")
        page.get_by_label("03/04/2026 in Sails").select_option("day")
        page.get_by_label("Column of Ship").fill("vessel")
        page.get_by_label(f"Type of Crew {scheme}").select_option("BIGINT")
        page.get_by_role("button", name="Try it").press("Enter")
        expect(page.get_by_text("1 would be loaded, 1 would go to quarantine")).to_be_visible(timeout=60_000)
        expect(page.get_by_role("region", name="Rows as they would be loaded")).to_contain_text("2026-04-03")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        _clean(page, shots / f"upload-decided-{scheme}.png")

        page.get_by_label("Column of Ship").fill("sails")
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_role("alert")).to_contain_text("Two columns are called sails", timeout=60_000)
        page.get_by_label("Column of Ship").fill("vessel")
        page.get_by_role("button", name="Accept and load").press("Enter")
        expect(page.get_by_text("Nothing can be asked about them yet")).to_be_visible(timeout=60_000)
        assert page.locator(".figures strong").all_inner_texts() == ["2", "1", "1"]
        page.get_by_text("What its rows are like").press("Enter")
        expect(page.locator(".profile-head")).to_contain_text("quality", timeout=60_000)
        page.get_by_text("For questions about it").press("Enter")
        expect(page.get_by_label("Commands")).to_contain_text(f"asklake new-domain ships_{scheme} --from")
        _clean(page, shots / f"upload-accepted-{scheme}.png")


def test_what_cannot_be_taken_is_said_with_a_next_step(browser: Browser, taking: Served) -> None:
    for page in opened(browser, taking, WIDE, "light", ADDRESS):
        page.locator("#limits", has_text="up to 1 MB").wait_for()
        choose(page, "empty.csv", b"")
        page.locator("#job", has_text="The file is empty.").wait_for()
        choose(page, "large.csv", bytes(1_200_000))
        page.get_by_text("Compress it with gzip").wait_for()
        choose(page, "photo.csv", bytes(range(256)) * 10)
        page.locator(".card.failed h2", has_text="photo.csv").wait_for()
        assert page.get_by_role("button", name="Load", exact=True).count() == 0


def test_a_key_is_asked_for_and_a_link_brings_a_question(browser: Browser, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/questions.db"
    store = KeyStore(database)
    rights: dict[str, Any] = {"tenant": "t1", "role": "writer"}
    key = store.create("writer", **rights)[1]
    store.close()
    lake = Lake(Settings(profile="local", home=tmp_path, landing=""))
    app = create_app(lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database) as running:
        for page in opened(browser, running, WIDE, "light", ADDRESS):
            page.get_by_label("Key", exact=True).fill(key)
            page.keyboard.press("Enter")
            page.locator("#limits", has_text=re.compile("up to 2,000 MB")).wait_for()
            page.goto("/ask?q=How+many+sales%3F")
            page.locator(".asked", has_text="How many sales?").wait_for()
