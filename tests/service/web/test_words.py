"""The words of a question on the page, what became of them, and lists of records, page by page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.service.conftest import Served
from tests.service.web.conftest import NARROW, opened
from tests.service.web.test_page import answer_of, ask, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.timeout(120)
QUESTION = "top 3 wards by complants in 2025"


def changed(page: Page, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Have the service's next answers arrive changed."""

    def handle(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=json.dumps({**response.json(), **change(response.json())}))

    page.route("**/nlq", handle)


def test_words_and_the_parts_of_the_plan_light_each_other_up(page: Page) -> None:
    turn = ask(page, QUESTION)
    assert turn.locator(".asked").inner_text() == QUESTION
    wards = turn.locator(".word", has_text="wards")
    part = turn.get_by_role("button", name="dimension Ward")
    wards.hover()
    expect(turn.locator(".word-tip")).to_have_text("wards → Ward (dimension, its name)")
    expect(part).to_have_class("part of-dimension lit")
    expect(wards).to_have_accessible_name("wards → Ward (dimension, its name)")
    part.hover()
    expect(wards).to_have_class("word of-dimension lit")
    expect(turn.locator(".word-tip")).to_be_hidden()
    mended = turn.locator(".word", has_text="complants")
    assert mended.get_attribute("data-says") == (
        "complants, read as “complaint” → Complaints (metric, put right in spelling)"
    )
    styles = {kind: turn.locator(f".word.of-{kind}").first for kind in ("metric", "dimension", "time")}
    looks = {kind: word.evaluate("w => getComputedStyle(w).textDecoration") for kind, word in styles.items()}
    assert len(set(looks.values())) == 3, "kinds are told apart by colour alone"


def test_words_are_one_stop_of_the_keyboard(page: Page) -> None:
    turn = ask(page, QUESTION)
    words = turn.locator(".word")
    assert turn.locator(".word[tabindex='0']").count() == 1
    words.first.focus()
    page.keyboard.press("ArrowRight")
    expect(words.nth(1)).to_be_focused()
    expect(turn.locator(".word-tip")).to_contain_text("wards → Ward")
    page.keyboard.press("Escape")
    expect(turn.locator(".word-tip")).to_be_hidden()
    page.keyboard.press("End")
    expect(words.last).to_be_focused()
    assert turn.locator(".word[tabindex='0']").count() == 1


def test_a_page_that_loads_late_takes_the_cursor_from_nobody(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/health", hold, times=1)
    page.reload()
    turn = ask(page, QUESTION)
    turn.locator(".word").first.focus()
    (health,) = held
    health.continue_()
    expect(page.locator("#demo")).to_be_visible()
    expect(turn.locator(".word").first).to_be_focused()


def test_a_tap_tells_a_word_within_the_screen(browser: Browser, page_service: Served) -> None:
    for page in opened(browser, page_service, NARROW, "dark"):
        turn = ask(page, QUESTION)
        for word in (turn.locator(".word").first, turn.locator(".word").last):
            word.click()
            box = turn.locator(".word-tip").bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= NARROW["width"]


def test_a_choice_shows_how_it_takes_the_words(page: Page) -> None:
    turn = ask(page, "turnaround in zork by channel")
    expect(turn.locator(".word", has_text="zork")).to_have_class("word of-left_out")
    longest = turn.get_by_role("button", name="Longest turnaround by Channel")
    longest.hover()
    says = turn.locator(".word", has_text="turnaround").get_attribute("data-says") or ""
    assert says.startswith("turnaround → Longest turnaround (metric")
    page.mouse.move(0, 0)
    says = turn.locator(".word", has_text="turnaround").get_attribute("data-says") or ""
    assert says.startswith("turnaround → Average turnaround (metric")


def test_a_refusal_shows_which_words_mean_nothing(page: Page) -> None:
    turn = ask(page, "😀 rainfall of blorgs by fnord")
    assert turn.locator(".word.of-unknown").all_inner_texts() == ["😀", "rainfall", "blorgs", "fnord"]


def test_a_language_model_tells_of_no_word_and_neither_does_the_page(page: Page) -> None:
    changed(page, lambda answer: {"planner": "model", "because": [{"words": "the question", "meaning": "Complaints"}]})
    turn = ask(page, "complaints")
    assert turn.locator(".word").count() == 0
    expect(turn.get_by_text("it does not say which words became what")).to_be_visible()


def test_a_choice_of_a_language_model_marks_no_words(page: Page) -> None:
    changed(page, lambda answer: {
        "planner": "model+rules", "choices": [answer["choices"][0], {**answer["choices"][1], "because": []}],
    })  # fmt: skip
    turn = ask(page, "turnaround by channel")
    assert turn.locator(".word").count() == 3
    turn.locator(".choice").last.hover()
    assert turn.locator(".asked").inner_text() == "turnaround by channel"
    assert turn.locator(".word").count() == 0
    turn.locator(".choice").first.hover()
    assert turn.locator(".word").count() == 3
    expect(turn.get_by_text("it does not say which words became what")).to_be_visible()


def test_records_come_page_by_page_from_the_service_as_well(page: Page, page_service: Served) -> None:
    question = "list the complaints in ward 3"
    every = answer_of(page_service, question)["rows"]
    assert len(every) > 60
    changed(page, lambda answer: {"rows": every[:20], "truncated": True, "plan": {**answer["plan"], "limit": 20}})
    turn = ask(page, question)
    where = turn.get_by_role("status")
    expect(where).to_have_text("1–20 of more than 20")
    first = rows_of(turn)
    turn.get_by_role("button", name="Next").click()
    expect(where).to_have_text("21–40 of more than 40")
    assert [row[1] for row in rows_of(turn)] == [row[1] for row in every[20:40]]
    turn.get_by_role("button", name="Previous").click()
    expect(where).to_have_text("1–20 of more than 40")
    assert rows_of(turn) == first
    expect(turn.get_by_role("button", name="Previous")).to_have_attribute("aria-disabled", "true")


def test_what_an_asker_may_not_see_is_told_as_masked(page: Page) -> None:
    changed(page, lambda answer: {"rows": [[row[0], "•••", *row[2:]] for row in answer["rows"][:2]]})
    turn = ask(page, "list the complaints in ward 3")
    masked = turn.locator("td .masked").first
    assert masked.get_attribute("title") == "Personal: your role does not see it"
    expect(turn.get_by_role("cell", name="masked").first).to_be_visible()
    assert turn.locator(".pages").count() == 0
