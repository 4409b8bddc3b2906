"""The data dictionary in a real browser: found, read, followed along its lineage; keys, one file, and axe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from lakehouse_assets.definitions import platform_contracts
from lakehouse_assets.dictionary.document import dictionary
from lakehouse_assets.dictionary.page import standalone
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from tests.features.moved_stores import TABLE, VIEW, moved_stores
from tests.service.conftest import Served, served
from tests.service.web.conftest import LOOKS, WIDE, opened
from tests.service.web.test_page import _clean

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.timeout(180)
ADDRESS = "/dictionary"


@pytest.fixture
def page(browser: Browser, page_service: Served) -> Iterator[Page]:
    """The dictionary as it opens; anything the browser complains of fails the test."""
    for page in opened(browser, page_service, WIDE, "light", ADDRESS):
        page.locator(".domains li").first.wait_for()
        yield page


@pytest.fixture(scope="module")
def feature_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Over a lake that has a feature table."""
    lake = moved_stores(tmp_path_factory.mktemp("moved"))
    database = f"sqlite:///{lake.settings.home}/questions.db"
    app = create_app(
        lake, loopback=True, limiter=LimiterInProcess(()), database=database, dictionary=partial(dictionary, lake)
    )
    with served(app, database) as running:
        yield running


@pytest.fixture(scope="module")
def document(page_service: Served) -> dict[str, Any]:
    return httpx.get(f"{page_service.url}{ADDRESS}/data", timeout=60).json()


def test_it_has_every_table_as_its_contract_says(document: dict[str, Any]) -> None:
    tables = {t["name"]: t for t in document["tables"]}
    assert tables.keys() == platform_contracts().keys()
    for name, contract in platform_contracts().items():
        assert tables[name]["description"] == contract.description
        assert [c["name"] for c in tables[name]["columns"]] == list(contract.column_names)
        assert len(tables[name]["checks"]) > len(contract.rules)
    lifecycle = tables["gold.gold_pgr_case_lifecycle"]
    assert lifecycle["reads"] == ["silver.silver_pgr_events", "silver.silver_pgr_open_periods"]
    assert "semantic.mv_pgr_ward_summary" in lifecycle["feeds"]
    assert "pgr_complaints" in lifecycle["metrics"]
    assert lifecycle["published_at"]
    assert tables["bronze.sample_sales"]["made_by"]["names"] == ["sales_csv", "uci_online_retail"]
    function = "lakehouse_assets.domains.platform.tables.table_health"
    assert tables["semantic.table_health"]["made_by"] == {"kind": "Python function", "names": [function]}
    assert {t["owner"] for t in document["tables"]} <= {team["name"] for team in document["teams"]}


def test_a_column_is_found_and_its_table_read(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("turnaround hours")
    page.locator(".item", has_text="gold.gold_pgr_case_lifecycle").click()
    main = page.locator("main")
    assert main.get_by_role("heading", level=1).inner_text() == "gold.gold_pgr_case_lifecycle"
    assert "One row per complaint." in main.inner_text()
    expect(main.locator("tr", has_text="turnaround_hours").first).to_be_visible()
    expect(main.locator("tr", has_text="complaint_id").locator(".tag", has_text="key").first).to_be_visible()
    assert "published" in main.locator(".facts").inner_text()
    assert page.locator("#list [aria-current=page]").inner_text().startswith("gold.gold_pgr_case_lifecycle")


def test_a_table_shows_what_its_rows_are_like(page: Page) -> None:
    page.goto(f"{ADDRESS}#gold.gold_pgr_case_lifecycle")
    page.locator(".profile-head").wait_for()
    assert re.match(r"[\d,]+ rows, \d+ exact cop", page.locator(".profile-head").inner_text())
    row = page.locator(".profile tr", has_text="turnaround_hours")
    assert row.locator("svg.bars rect").count() == 12
    assert "Most rows from" in (row.locator("svg").get_attribute("aria-label") or "")
    assert page.locator(".profile tr", has_text="channel").locator(".frequent li").count() >= 2


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_features_say_what_they_are_how_they_spread_and_whether_they_moved(
    browser: Browser, feature_service: Served, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, feature_service, size, scheme, f"{ADDRESS}#{TABLE}"):
        row = page.locator(".features tr", has_text="average_basket_28d")
        expect(row.locator(".drift")).to_have_text("moved", timeout=60_000)
        expect(row).to_contain_text("Sales per receipt")
        expect(row).to_contain_text(re.compile(r"±.*50 %: "))
        expect(page.locator(".features tr", has_text="conversion_7d")).to_contain_text("25 %")
        expect(page.locator(".features .drift.steady")).to_have_count(len(VIEW.features) - 1)
        expect(page.locator(".features")).to_contain_text("2026-02-23 to 2026-03-01 (140 rows)")
        below = page.get_by_role("region", name="Profile of the columns")
        expect(below).to_contain_text("store_id")
        expect(below).not_to_contain_text("average_basket_28d")
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        _clean(page, shots / f"features_{name}_{scheme}.png")


def test_a_profile_is_given_to_each_caller_of_what_the_caller_may_see(keyed_page_service: Served) -> None:
    address = f"{ADDRESS}/profile/gold.gold_pgr_case_lifecycle"
    with keyed_page_service.client("amritsar") as viewer, keyed_page_service.client("admin") as admin:
        own, all_rows = viewer.get(address).json(), admin.get(address).json()
        assert own["rows"] < all_rows["rows"] and "jalandhar" not in str(own)
        assert viewer.get(f"{ADDRESS}/profile/gold.time_spine_daily").status_code == 403
        assert admin.get(f"{ADDRESS}/profile/gold.nothing").json()["error"]["code"] == "not_found"
    assert httpx.get(f"{keyed_page_service.url}{address}", timeout=60).status_code == 401


def test_lineage_leads_from_table_to_table_and_a_metric_to_its_table(page: Page) -> None:
    page.goto(f"{ADDRESS}#gold.gold_pgr_case_lifecycle")
    page.locator(".lineage a", has_text="service_events_raw").click()
    page.get_by_role("heading", name="bronze.service_events_raw").wait_for()
    expect(page.get_by_role("link", name="mv_pgr_ward_summary", exact=True)).to_be_visible()
    page.go_back()
    page.get_by_role("heading", name="gold.gold_pgr_case_lifecycle").wait_for()
    page.locator(".metrics a", has_text=re.compile("^Complaints$")).click()
    page.get_by_role("heading", name="Complaints", exact=True).wait_for()
    page.locator(".facts a", has_text="gold.gold_pgr_case_lifecycle").click()
    page.get_by_role("heading", name="gold.gold_pgr_case_lifecycle").wait_for()


def test_layers_are_hidden_and_a_search_without_result_says_so(page: Page) -> None:
    page.get_by_label("Search tables, columns and metrics").fill("silver_sales")
    assert page.locator(".item", has_text="silver.silver_sales").count() == 1
    page.get_by_role("button", name="silver").click()
    assert page.locator(".item", has_text="silver.silver_sales").count() == 0
    page.get_by_label("Search tables, columns and metrics").fill("rainfall")
    assert "Nothing is called “rainfall”" in page.locator("#list").inner_text()


def test_the_chat_page_links_to_it(page: Page) -> None:
    page.get_by_role("link", name="Ask", exact=True).click()
    page.get_by_role("link", name="Data", exact=True).click()
    page.get_by_role("heading", name="What is in the lakehouse").wait_for()


def test_one_file_needs_no_service(browser: Browser, asked_lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "dictionary.html"
    file.write_text(standalone(dictionary(asked_lake)), encoding="utf-8")
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{file.as_uri()}#silver.silver_sales")
    page.get_by_role("heading", name="silver.silver_sales").wait_for()
    assert page.get_by_role("navigation", name="Pages").count() == 0
    page.goto(f"{file.as_uri()}#{TABLE}")
    expect(page.locator(".features tr", has_text="average_basket_28d")).to_contain_text("Sales per receipt")
    page.close()
    assert {url.split("#")[0] for url in asked} == {file.as_uri()}


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_accessible_and_in_place(
    browser: Browser, page_service: Served, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, page_service, size, scheme, ADDRESS):
        page.locator(".domains li").first.wait_for()
        _clean(page, shots / f"dictionary_{name}_{scheme}_start.png")
        page.goto(f"{ADDRESS}#gold.gold_pgr_case_lifecycle")
        page.get_by_role("heading", name="gold.gold_pgr_case_lifecycle").wait_for()
        page.locator(".profile-head").wait_for()
        _clean(page, shots / f"dictionary_{name}_{scheme}_table.png")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, "the page scrolls sideways"
        if name == "narrow":
            page.get_by_role("button", name="List of tables and metrics").click()
        page.get_by_label("Search tables, columns and metrics").fill("ward")
        _clean(page, shots / f"dictionary_{name}_{scheme}_search.png")
