"""`asklake alert` over the small lake that the service's tests ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lakehouse_assets.cli import app
from lakehouse_assets.commands.asking import alerts
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.alerts.parts import AlertParts
from nlq.answering.answer import Answerer


@pytest.fixture(autouse=True)
def small_lake(asked_lake: Lake, answerer: Answerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "open_lake", lambda: asked_lake)
    monkeypatch.setattr(alerts, "open_answerer", lambda _: answerer)
    opened = AlertParts.open
    monkeypatch.setattr(AlertParts, "open", lambda lake: opened(lake, f"sqlite:///{tmp_path}/questions.db"))


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["alert", *words])


def test_the_way_of_an_alert() -> None:
    sentence = "tell me when complaints in ward 3 pass 100"
    said = typed("add", sentence)
    assert said.exit_code == 0, said.output
    assert "You are told when “Complaints” (Ward is Ward 03) is above 100." in said.output
    assert "Nothing was kept" in said.output
    assert "There is none" in typed("list").output
    made = json.loads(typed("add", sentence, "--yes", "--quiet", "22:00-07:00", "--json").stdout)
    assert (made["kept"], made["draft"]["quiet"]) == (True, {"begin": "22:00", "end": "07:00"})
    assert "not judged yet" in typed("list").output
    assert "muted until" in typed("mute", made["id"]).output
    assert json.loads(typed("mute", made["id"], "--hours", "0", "--json").stdout)["muted_until"] is None
    assert "You are told when" in typed("show", made["id"]).output
    assert typed("remove", made["id"]).exit_code == 0
    gone = typed("show", made["id"])
    assert (gone.exit_code, "There is no alert" in gone.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("add", "tell me when complaints drop by 20 % in ward 3"), 4, "Compared with what?"),
        (("add", "complaints by ward"), 2, "Say what to be told of"),
        (("add", "tell me when a run fails", "--tenant", "pb.amritsar"), 3, "of the whole platform"),
        (("add", "tell me when complaints pass 3", "--to", "nowhere"), 2, "There is no target “nowhere”"),
        (("add", "tell me when complaints pass 3", "--quiet", "late"), 2, "Write them as 22:00-07:00"),
        (("test", "nowhere"), 2, "There is no target"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(words: tuple[str, ...], code: int, says: str) -> None:
    done = typed(*words)
    assert (done.exit_code, says in done.output) == (code, True), done.output
