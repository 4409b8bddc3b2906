"""Dashboards of files that nobody checked: what is wrong with one figure keeps no other from being seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import KeptBoards
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller

ANYONE = Asker(Caller(role="admin"), "test")
TILES = {
    "good": "plan: {metrics: [pgr_complaints]}\n        chart: {kind: number}",
    "unnamed": "plan: {metrics: {pgr_complaints: 1}}\n        chart: {kind: number}",
    "nested": "plan: {metrics: [[pgr_complaints]]}\n        chart: {kind: number}",
    "removed": "plan: {metrics: [pgr_gone]}\n        chart: {kind: number}",
    "scattered": "plan: {metrics: [pgr_complaints]}\n        chart: {kind: scatter}",
    "parts": "plan: {metrics: [pgr_reopen_rate], group_by: [channel]}\n        chart: {kind: donut}",
    "bars": "plan: {metrics: [pgr_complaints]}\n        chart: {kind: bar}",
}


def test_one_figure_that_cannot_be_drawn_takes_no_other_with_it(
    tmp_path: Path, asked_lake: Lake, answerer: Answerer
) -> None:
    file = tmp_path / "semantic" / "dashboards" / "pgr" / "odd.yml"
    file.parent.mkdir(parents=True)
    shared = (
        "[{dimension: channel}, {dimension: tenant_id, choices: [pb.amritsar, pb.jalandhar], default: pb.jalandhar}]"
    )
    head = f"title: Odd\nfilters: {shared}\nperiod: all\npages:\n  - id: one\n    title: One\n    tiles:\n"
    file.write_text(
        head
        + "".join(
            f"      - id: {name}\n        title: {name}\n        {rest}\n        at: {{x: 0, y: {row}, w: 3, h: 1}}\n"
            for row, (name, rest) in enumerate(TILES.items())
        )
    )
    file.with_name("broken.yml").write_text("title: [")
    handlers = DashboardHandlers(
        asked_lake, answerer, ProjectDashboards(tmp_path), KeptBoards(f"sqlite:///{tmp_path}/kept.db")
    )
    assert [one.id for one in handlers.list(ANYONE).dashboards] == ["pgr.odd"]
    assert handlers.show(ANYONE, "pgr.odd").filters[0].choices
    tenants = handlers.show(Asker(Caller("pb.amritsar"), "test"), "pgr.odd").filters[1]
    assert (tenants.choices, tenants.default) == (("pb.amritsar",), ()), "a file names no tenant to another"
    for _ in range(2):  # computed, and as it is remembered
        found: dict[str, Any] = {}
        seen = handlers.look(ANYONE, "pgr.odd", TilesWanted(filters=()))
        for tile in seen.tiles:
            found[tile.id] = seen.answers.get(tile.id) or handlers.compute(ANYONE, seen, tile)
        kinds = {name: (tile.answer.outcome, tile.chart.kind) for name, tile in found.items()}
        assert kinds["good"] == ("answered", "number")
        assert kinds["scattered"] == kinds["bars"] == kinds["parts"] == ("answered", "table")
        assert {kinds[name][0] for name in ("unnamed", "nested")} == {"failed"}
        assert kinds["removed"][0] == "refused"
