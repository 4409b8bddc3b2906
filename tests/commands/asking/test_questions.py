"""What `asklake ask` shows of an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from lakehouse_assets.commands.asking.questions import show
from lakehouse_assets.commands.output import Out
from nlq.answering.document.model import Answer
from nlq.core.outcome import Because, Choice
from nlq.core.plan import Plan

NOW = datetime(2026, 7, 15)


def answer(**more: Any) -> Answer:
    plain = {
        "outcome": "answered",
        "sentence": "Complaints: 3.",
        "asked_at": NOW,
        "answered_at": NOW,
        "elapsed_ms": 1.0,
    }
    return Answer(answer_id="a", question="the complants by ward", **{**plain, **more})


def test_words_are_told_with_what_they_became(capsys: pytest.CaptureFixture[str]) -> None:
    because = (
        Because(words="complants", meaning="metric Complaints", part="metric", start=4, end=13, why="spelling"),
        Because(words="by", meaning="by what follows", part="operator", start=14, end=16),
        Because(words="ward", meaning="by \x1b[31mWard", part="dimension", start=17, end=21, why="label"),
        Because(words="zork", meaning="left out", part="left_out", start=22, end=26),
    )
    show(Out(as_json=False), answer(because=because))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "complants metric Complaints metric a mended spelling" in lines
    assert "zork left out left out" in lines
    assert any(line.startswith("ward by") and "\x1b[31m" not in line for line in lines)
    assert not any("by what follows" in line for line in lines)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"planner": "model", "because": (Because(words="the question", meaning="x", part="implied"),)},
         "it does not say which words became what"),
        ({"planner": "model+rules", "outcome": "clarify",
          "choices": (Choice(question="Complaints", plan=Plan(metrics=("complaints",))),)},
         "it does not say which words became what"),
        ({"because": (Because(words="ward", meaning="by Ward"),)}, ""),
    ],
)  # fmt: skip
def test_without_places_nothing_is_made_up(capsys: pytest.CaptureFixture[str], more: dict[str, Any], says: str) -> None:
    show(Out(as_json=False), answer(**more))
    said = " ".join(capsys.readouterr().out.split())
    assert says in said
    assert "your words" not in said
