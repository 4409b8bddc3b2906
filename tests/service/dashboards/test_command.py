"""`asklake dashboard` over the small lake that the service's tests ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from lakehouse_assets.cli import app
from lakehouse_assets.commands.asking import dashboards
from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import KeptBoards
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers
from lakehouse_assets.settings.lake import PROJECT_ROOT
from nlq.answering.answer import Answerer


@pytest.fixture(autouse=True)
def small_lake(asked_lake: Lake, answerer: Answerer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = DashboardHandlers(
        asked_lake, answerer, ProjectDashboards(PROJECT_ROOT), KeptBoards(f"sqlite:///{tmp_path}/kept.db")
    )
    monkeypatch.setattr(dashboards, "_handlers", lambda *_: handlers)


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["dashboard", *words])


def test_those_with_data_are_listed() -> None:
    assert [one["id"] for one in json.loads(typed("list", "--json").stdout)] == ["pgr.complaints", "sales.sales"]


def test_the_figures_of_a_page_are_shown_narrowed() -> None:
    words = ("show", "pgr.complaints", "--page", "channels", "--period", "all", "-w", "ward_id=WARD_02")
    said = typed(*words)
    assert said.exit_code == 0, said.output
    assert "channels, all time" in said.stdout
    assert "How complaints come in" in said.stdout
    (page,) = json.loads(typed(*words, "--tenant", "pb.amritsar", "--json").stdout)
    for tile in page["tiles"]:
        filters = {item["dimension"]: item["values"] for item in tile["answer"]["plan"]["filters"]}
        assert filters == {"complaint__ward_id": ["WARD_02"], "complaint__tenant_id": ["pb.amritsar"]}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("pgr.complaint",), "There is no dashboard"),
        (("pgr.complaints", "--page", "ward"), "There are backlog, sla, wards"),
        (("pgr.complaints", "--period", "lately"), "last_90_days"),
        (("pgr.complaints", "-w", "colour=red"), "There are ward_id"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(words: tuple[str, ...], says: str) -> None:
    said = typed("show", *words)
    assert said.exit_code == 2
    assert says.casefold() in said.output.casefold()
