"""The chat page in a real browser: asking, choosing, looking behind an answer, the demo, keys, and axe."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from lakehouse_assets.domains.pgr.questions import QUESTIONS
from tests.service.conftest import Served
from tests.service.web.conftest import LOOKS, NARROW, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.timeout(120)


def ask(page: Page, question: str) -> Locator:
    """Type a question, press Enter, and wait for its card."""
    before = page.locator(".turn").count()
    page.get_by_label("Your question").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator(".turn").nth(before)
    turn.locator(".card:not(.waiting)").wait_for()
    return turn


def rows_of(turn: Locator) -> list[list[str]]:
    return [row.locator("td").all_inner_texts() for row in turn.locator("table").first.locator("tbody tr").all()]


def drawn(turn: Locator, mark: str) -> list[Any]:
    """The boxes of a kind of mark, once they are there."""
    marks = turn.locator(f".plot .mark-{mark}.role-mark path")
    marks.first.wait_for(state="attached")
    return [one.bounding_box() for one in marks.all()]


def answer_of(service: Served, question: str) -> dict[str, Any]:
    return httpx.post(f"{service.url}/nlq", json={"question": question}, timeout=30).json()


def test_an_answer_is_a_sentence_a_chart_and_the_rows(page: Page, page_service: Served) -> None:
    turn = ask(page, "complaints by channel")
    answer = answer_of(page_service, "complaints by channel")
    assert turn.locator(".sentence").inner_text() == answer["sentence"]
    names = answer["columns"][0]["names"]
    assert rows_of(turn) == [[names[code], f"{count:,}"] for code, count in answer["rows"]]
    assert turn.locator("td").first.locator("span").get_attribute("title") == answer["rows"][0][0]
    bars = drawn(turn, "rect")
    assert len(bars) == len(answer["rows"])
    widths = [bar["width"] for bar in bars]
    assert widths == sorted(widths, reverse=True) and widths[0] > widths[-1]


def test_a_series_is_a_line_and_a_single_number_is_large(page: Page, page_service: Served) -> None:
    turn = ask(page, "monthly trend of complaints")
    months = answer_of(page_service, "monthly trend of complaints")["rows"]
    assert len(drawn(turn, "symbol")) == len(months)
    assert len(drawn(turn, "line")) == 2, "the last month is known in part: a stretch of its own"
    assert rows_of(turn)[0][0] == "Jan 2025"
    total = ask(page, "How many complaints are there in total?").locator(".figure strong").inner_text()
    assert total == f"{answer_of(page_service, 'How many complaints are there in total?')['rows'][0][0]:,}"


def test_a_link_at_the_top_leads_to_the_newest_answer(page: Page) -> None:
    link = page.get_by_role("link", name="Skip to the newest answer", include_hidden=True)
    expect(link).to_be_hidden()
    ask(page, "complaints by channel")
    newest = ask(page, "complaints by ward")
    link.focus()
    page.keyboard.press("Enter")
    expect(newest).to_be_focused()
    page.get_by_role("button", name="New conversation").click()
    expect(link).to_be_hidden()


def test_a_picture_is_changed_and_saved(page: Page) -> None:
    turn = ask(page, "monthly complaints by channel")
    assert len(drawn(turn, "line")) >= 5
    turn.get_by_label("Show as").select_option("stacked")
    bars = len(drawn(turn, "rect"))
    turn.get_by_role("button", name="Web", exact=True).click()
    expect(turn.locator(".plot .mark-rect.role-mark path")).not_to_have_count(bars)
    with page.expect_download() as download:
        turn.get_by_role("button", name="Picture").click()
    assert download.value.suggested_filename == "monthly-complaints-by-channel.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_what_stands_behind_an_answer_is_there_on_demand(page: Page) -> None:
    turn = ask(page, "complaints by channel excluding web")
    expect(turn.get_by_label("SQL")).to_be_hidden()
    turn.get_by_text("SQL", exact=True).click()
    assert "SELECT" in turn.get_by_label("SQL").inner_text()
    turn.get_by_role("button", name="Copy SQL").click()
    assert "SELECT" in page.evaluate("navigator.clipboard.readText()")
    turn.get_by_text("How it was understood").click()
    assert "Number of complaints submitted." in turn.inner_text()
    turn.get_by_text("The plan itself").click()
    assert json.loads(turn.get_by_label("Plan").inner_text())["metrics"] == ["pgr_complaints"]
    turn.get_by_text(re.compile("^Data to ")).click()
    assert "gold.gold_pgr_case_lifecycle" in turn.inner_text()


def test_the_reading_is_changed_without_typing(page: Page) -> None:
    turn = ask(page, "complaints by channel in 2025")
    turn.get_by_role("button", name="Without Channel").click()
    page.locator(".turn").nth(1).locator(".card.answered").wait_for()
    assert page.locator(".turn").nth(1).locator(".figure strong").count() == 1
    page.locator(".turn").nth(1).get_by_label("Split by").select_option(label="Ward")
    last = page.locator(".turn").nth(2)
    last.locator(".card.answered tbody").first.wait_for()
    assert last.locator("thead").first.locator("th").all_inner_texts() == ["Ward", "Complaints"]
    assert "Ward" in last.locator(".asked").inner_text()


def test_a_question_may_follow_up_the_one_before(page: Page) -> None:
    ask(page, "how many complaints last year")
    turn = ask(page, "and by channel?")
    headings = turn.locator("thead").first.locator("th").all_inner_texts()
    assert headings == ["Channel", "Complaints"]
    page.get_by_role("button", name="New conversation").click()
    alone = ask(page, "and by channel?")
    assert alone.locator(".card.answered").count() == 0


def test_a_choice_is_a_button(page: Page, shots: Path) -> None:
    turn = ask(page, "turnaround")
    choices = turn.locator(".choice")
    assert 2 <= choices.count() <= 4
    page.screenshot(path=shots / "choices.png")
    label = choices.first.inner_text()
    choices.first.click()
    page.locator(".turn").nth(1).locator(".card.answered").wait_for()
    assert page.locator(".asked").nth(1).inner_text() == label


def test_a_refusal_offers_the_nearest_and_an_error_says_what_to_do(page: Page, page_service: Served) -> None:
    turn = ask(page, "average rainfall by ward")
    assert turn.locator(".card.refused .choice").count() > 0
    page.context.set_offline(True)
    failed = ask(page, "complaints by ward")
    assert "asklake serve" in failed.inner_text()
    page.context.set_offline(False)
    failed.get_by_role("button", name="Ask again").click()
    page.locator(".turn").last.locator(".card.answered").wait_for()
    assert page.locator(".card.failed").count() == 0


def test_rows_as_a_file_and_on_the_clipboard(page: Page, page_service: Served) -> None:
    turn = ask(page, "complaints by ward")
    turn.get_by_label("Save this answer as a file").click()
    with page.expect_download() as download:
        turn.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "complaints-by-ward.csv"
    lines = list(csv.reader(io.StringIO(download.value.path().read_text())))
    answer = answer_of(page_service, "complaints by ward")
    said = answer["columns"][0]["names"]
    table = [["Ward", "Ward, name", "Complaints"]]
    table += [[code or "", said.get(code, ""), str(n)] for code, n in answer["rows"]]
    assert lines[: len(table)] == table and lines[len(table)] == []
    assert "gold_pgr_case_lifecycle at snapshot " in lines[-1][0]
    turn.get_by_role("button", name="Copy", exact=True).click()
    assert page.evaluate("navigator.clipboard.readText()").startswith("Ward\tComplaints\n")


def test_feedback_and_replay(page: Page, page_service: Served) -> None:
    turn = ask(page, "complaints by priority")
    turn.get_by_role("button", name="Replay").click()
    page.get_by_text("again, from the snapshots").wait_for()
    with page.expect_response(re.compile("/feedback$")) as response:
        turn.get_by_role("button", name="Wrong").click()
    assert response.value.status == 201
    expect(turn.get_by_role("button", name="Wrong")).to_have_attribute("aria-pressed", "true")
    turn.get_by_label("What did you expect?").fill("by type")
    with page.expect_response(re.compile("/feedback$")) as response:
        page.keyboard.press("Enter")
    assert json.loads(response.value.request.post_data or "") == {"verdict": "wrong", "comment": "by type"}


def test_the_catalog_is_searched_and_asks(page: Page) -> None:
    page.get_by_label("Search the catalog").fill("breach rate")
    page.locator("#catalog-list").get_by_text("SLA breach rate", exact=True).click()
    assert "exceeded it" in page.locator("#catalog-list").inner_text()
    page.locator(".ask-this:visible").first.click()
    page.locator(".card.answered").wait_for()
    page.get_by_label("Search the catalog").fill("whatsapp")
    page.locator("#catalog-list").get_by_text("Channel", exact=True).first.click()
    assert page.locator(".values li:visible", has_text="WhatsApp").count() == 1
    page.get_by_label("Search the catalog").fill("rainfall")
    assert "Nothing is called “rainfall”" in page.locator("#catalog-list").inner_text()


def test_conversations_are_kept_and_opened_again(page: Page) -> None:
    ask(page, "complaints by ward")
    ask(page, "complaints by priority")
    page.reload()
    page.get_by_role("tab", name="History").click()
    page.get_by_role("button", name=re.compile("^complaints by ward")).click()
    assert page.locator(".asked").all_inner_texts() == ["complaints by ward", "complaints by priority"]
    page.get_by_role("button", name="Forget: complaints by ward").click()
    expect(page.get_by_text("Conversations are kept here")).to_be_visible()


def test_by_the_keyboard_alone(page: Page) -> None:
    page.locator(".starter").first.wait_for()
    page.locator("body").click(position={"x": 900, "y": 600})
    page.keyboard.press("/")
    page.keyboard.type("complaints by ward")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("last month")
    assert page.get_by_label("Your question").input_value() == "complaints by ward\nlast month"
    page.keyboard.press("Enter")
    page.locator(".card:not(.waiting)").wait_for()
    page.keyboard.press("ArrowUp")
    assert page.get_by_label("Your question").input_value() == "complaints by ward\nlast month"
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("Your question").input_value() == ""
    page.get_by_role("tab", name="Catalog").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="History")).to_have_attribute("aria-selected", "true")


def test_the_demo_asks_ten_questions_and_can_be_stopped(page: Page, shots: Path) -> None:
    page.get_by_role("button", name="Demo").click()
    page.get_by_text("Question 2 of 10").wait_for()
    page.screenshot(path=shots / "demo.png")
    page.get_by_role("button", name="Stop", exact=True).last.click()
    page.locator("#progress").wait_for(state="hidden")
    stopped_at = page.locator(".turn").count()
    assert 1 <= stopped_at < 10
    page.evaluate("performance.now = ((real) => () => 100 * real())(performance.now.bind(performance))")
    page.get_by_role("button", name="New conversation").click()
    page.get_by_role("button", name="Demo").click()
    page.get_by_text("All 10 questions asked").wait_for(timeout=60_000)
    assert page.locator(".asked").all_inner_texts() == list(QUESTIONS)
    assert page.locator(".card.answered").count() == 10


def test_an_answer_cannot_become_markup(page: Page) -> None:
    turn = ask(page, "<img src=x onerror=alert(1)> complaints")
    assert page.locator("img").count() == 0
    assert "<img" in turn.locator(".asked").inner_text()


@pytest.mark.parametrize(("name", "size", "scheme"), LOOKS)
def test_accessible_and_in_place(
    browser: Browser, page_service: Served, shots: Path, name: str, size: dict[str, int], scheme: str
) -> None:
    for page in opened(browser, page_service, size, scheme):
        page.locator(".starter").first.wait_for()
        _clean(page, shots / f"{name}_{scheme}_start.png")
        ask(page, "monthly complaints by channel")
        ask(page, "turnaround")
        ask(page, "average rainfall by ward")
        turn = ask(page, "complaints by complaint type")
        for summary in turn.locator(".behind > details > summary").all():
            summary.click()
        page.locator("main").get_by_text("The plan itself").last.click()
        turn.locator(".word").first.focus()
        _clean(page, shots / f"{name}_{scheme}_answer.png")
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow == 0, "the page scrolls sideways"
        if name == "narrow":
            page.get_by_role("button", name="Catalog and history").click()
        page.locator("#catalog-list .entry summary").first.click()
        _clean(page, shots / f"{name}_{scheme}_catalog.png")


def _clean(page: Page, shot: Path) -> None:
    """Nothing that axe finds wrong; and a picture for whoever wants to look."""
    page.screenshot(path=shot)
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    found = [
        f"{v['id']} ({v['impact']}): {v['help']}: {[n['target'] for n in v['nodes']][:3]}"
        for v in results.response["violations"]
    ]
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marks_are_seen_on_a_phone(browser: Browser, page_service: Served, shots: Path, scheme: str) -> None:
    for page in opened(browser, page_service, NARROW, scheme):
        ask(page, "monthly trend of complaints in 2026 by channel")
        turn = ask(page, "and by ward?")
        expect(turn.locator(".carried")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=shots / f"carried_{scheme}.png")
        ask(page, "monthly trend of complaints")
        page.screenshot(path=shots / f"in_part_{scheme}.png")
        violations = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in violations] == []


def test_what_stays_from_before_is_shown_and_taken_away(page: Page) -> None:
    ask(page, "complaints by channel in 2025")
    turn = ask(page, "and by ward?")
    chips = turn.get_by_label("From the question before", exact=True)
    assert "Complaints" in chips.inner_text()
    chips.get_by_role("button", name="Without: from 2025-01-01 to 2025-12-31").click()
    page.locator(".turn").nth(2).locator(".card:not(.waiting)").wait_for()
    again = page.locator(".turn").nth(2)
    assert again.locator(".asked").inner_text() == "Complaints by Ward"
    assert again.locator(".carried").count() == 0


def test_a_period_known_in_part_is_marked(page: Page, page_service: Served) -> None:
    turn = ask(page, "monthly trend of complaints")
    (part,) = answer_of(page_service, "monthly trend of complaints")["partial"]
    turn.get_by_role("button", name=re.compile("^Show all")).click()
    assert turn.locator("td", has=page.locator(".cut")).all_inner_texts() == ["Feb 2026in part"]
    assert turn.locator("small.cut").get_attribute("title") == part["says"]
    assert len(drawn(turn, "line")) == 2
    assert turn.locator(".plot .mark-symbol path[stroke-dasharray='3,2']").count() == 1
