"""What keeps a dashboard from fitting its grid, its charts or the layer is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.dashboards.files import ProjectDashboards, read
from lakehouse_assets.dashboards.fitting import misplaced, unfitting
from lakehouse_assets.declared import DeclarationError
from tests.dashboards.small import VOCABULARY, dashboard, tile

WARDS = {"metrics": ["cases"], "group_by": ["ward"]}
PAIRS = {"metrics": ["cases"], "group_by": ["ward", "channel"]}


def test_a_sound_dashboard_fits() -> None:
    sound = dashboard(tile(), tile("two", 3, plan=WARDS, chart={"kind": "donut"}), filters=[{"dimension": "channel"}])
    assert [*misplaced(sound), *unfitting(sound, VOCABULARY)] == []


def test_tiles_on_one_another_and_names_given_twice_are_told() -> None:
    found = list(misplaced(dashboard(tile(), tile("one", 2, 1))))
    assert [(one.loc[-1], one.loc[3]) for one in found] == [("id", 1), ("at", 1)]
    assert "lies on 'one'" in found[1].message


@pytest.mark.parametrize(
    ("plan", "chart", "says"),
    [
        ({"metrics": ["casses"]}, {"kind": "number"}, "no metric “casses” for you. Nearest: cases"),
        ({"metrics": ["cases"], "group_by": ["wrd"]}, {"kind": "bar"}, "cannot be asked by “wrd”. Nearest: ward"),
        ({"metrics": ["backlog"], "group_by": ["ward"]}, {"kind": "bar"}, "cannot be asked by “ward”"),
        ({"metrics": ["cases"], "limit": 0}, {"kind": "number"}, "greater than or equal to 1"),
        ({"metrics": ["cases"], "limits": 3}, {"kind": "number"}, "Extra inputs"),
        (WARDS, {"kind": "number"}, "a number is one figure without groups; this plan has 1 group and 1 figure"),
        (WARDS, {"kind": "line"}, "give the plan a grain"),
        (WARDS, {"kind": "heat_map"}, "a heat map has two groups"),
        (WARDS, {"kind": "scatter"}, "two figures or three"),
        (WARDS, {"kind": "bar", "top": 3}, "give the plan an order and a limit"),
        (PAIRS, {"kind": "bar", "across": "priority"}, "across names 'priority'"),
        ({"metrics": ["cases", "open_cases"], "group_by": ["ward", "channel"]}, {"kind": "bar"}, "one figure can be"),
        ({"metrics": ["late_rate"], "group_by": ["ward"]}, {"kind": "donut"}, "Late does not add up to a whole"),
        ({"metrics": ["late_rate"], "group_by": ["ward", "channel"]}, {"kind": "stacked"}, "does not add up"),
        ({"metrics": ["cases", "late_rate"], "group_by": ["ward"]}, {"kind": "bar"}, "are of different units"),
        ({"metrics": ["cases"], "records": True}, {"kind": "bar"}, "draw them as a table"),
    ],
)
def test_what_does_not_fit_says_what_would(plan: dict[str, Any], chart: dict[str, Any], says: str) -> None:
    (found,) = unfitting(dashboard(tile(plan=plan, chart=chart)), VOCABULARY)
    assert says in found.message
    assert found.loc[:4] == ("pages", 0, "tiles", 0)


@pytest.mark.parametrize("metrics", [None, "cases", 3, {"cases": 1}, [{"cases": 1}], [["cases"]]])
def test_metrics_that_are_no_names_are_told(metrics: Any) -> None:
    odd = dashboard(tile(plan={"metrics": metrics}), filters=[{"dimension": "channel"}])
    assert odd.pages[0].tiles[0].metrics == ()
    assert next(iter(unfitting(odd, VOCABULARY))).loc[:5] == ("pages", 0, "tiles", 0, "plan")


def test_a_filter_that_no_tile_can_take_is_told() -> None:
    (found,) = unfitting(dashboard(tile(), filters=[{"dimension": "priority"}]), VOCABULARY)
    assert found == (("filters", 0, "dimension"), "no tile can be narrowed by 'priority'")


FILE = """\
title: Cases
pages:
  - id: page
    title: Page
    tiles:
      - id: one
        title: Cases
        plan: {metrics: [cases]}
        chart: {kind: number}
        at: {x: 0, y: 0, w: 3, h: 2}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "semantic" / "dashboards" / "civic" / "cases.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_a_dashboard_of_the_domain_it_lies_in(tmp_path: Path) -> None:
    found = read(written(tmp_path, FILE))
    assert (found.id, found.dashboard.domain) == ("civic.cases", "civic")
    assert found.line("pages", 0, "tiles", 0, "at") == 10


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("w: 3", "w: 13", 10, "field 'pages.0.tiles.0.at.w': Input should be less than or equal to 12"),
        ("x: 0", "x: 11", 10, "x + w is at most 12"),
        ("kind: number", "kind: pie", 9, "Input should be 'number', 'line'"),
        ("        chart: {kind: number}\n", "", 6, "say how it is drawn"),
        ("title: Cases\npages", "title: Cases\ndomain: other\npages", 2, "it lies in the folder of civic"),
        ("plan: {metrics: [cases]}", "plan: {metrics: [cases]}\n        sql: select 1", 9, "Extra inputs"),
        ("at: {x: 0, y: 0, w: 3, h: 2}", "at: {x: 0, y: 0, w: 3, h: 2}\n        text: Hi", 6, "a plan or a text"),
        ("pages:", "pages: [", 3, "not YAML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    path = written(tmp_path, FILE.replace(old, new, 1))
    with pytest.raises(DeclarationError) as error:
        read(path)
    assert f"{path}, line {line}: " in str(error.value)
    assert says in str(error.value)


def test_a_file_that_cannot_be_read_takes_no_other_with_it(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    project = ProjectDashboards(tmp_path)
    assert list(project.all()) == ["civic.cases"]
    path.with_name("bad.yml").write_text("- 1", encoding="utf-8")
    assert list(project.all()) == ["civic.cases"]
    assert "begin with 'dashboard:'" in project.faults[0]
