"""The same log committed through Nessie: ranges are fenced by its merges as they are by the local catalog."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.intake import committer as committing
from lakehouse_assets.intake.committer import Committer
from lakehouse_assets.intake.log import IntakeLog
from lakehouse_assets.intake.status import status_of
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.protocol import Publication
from tests.intake.conftest import ROWS, entry, raw

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.mark.parametrize("engine", ["trino", "duckdb"])
def test_ranges_are_committed_once_each_whoever_commits(
    request: pytest.FixtureRequest,
    engine: str,
    folder: Path,
    log: IntakeLog,
    sources: dict[str, Source],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lake: Lake = request.getfixturevalue("cluster_lake" if engine == "trino" else "duckdb_cluster_lake")
    first = Committer(lake, folder)
    position = log.append(raw("{no json", '{"order_id": "O0"}')).result(5)
    log.append(entry(1)).result(5)
    assert [(c.first, c.end, c.loaded, c.quarantined) for c in first.commit()] == [(0, 3, 1, 2)]
    became = status_of(lake, folder, "shop", "t1", position)
    assert (became.state, became.quarantined) == ("quarantined", 2)
    log.append(entry(2)).result(5)
    honest = Publication.audit

    def audit(publication: Publication, *args: object) -> object:
        monkeypatch.setattr(Publication, "audit", honest)
        monkeypatch.setattr(committing, "take", lambda file: os.open(file, os.O_RDONLY))
        log.append(entry(3)).result(5)
        assert [(c.first, c.end) for c in Committer(lake, folder).commit()] == [(3, 5)]
        return honest(publication, *args)

    monkeypatch.setattr(Publication, "audit", audit)
    assert first.commit() == [] and first.commit() == []
    log.append(entry(4)).result(5)
    assert [(c.first, c.end) for c in first.commit()] == [(5, 6)]
    with lake.session() as session:
        found = [row["order_id"] for row in session.query(ROWS, limit=None).to_pylist()]
    assert found == ["O1", "O2", "O3", "O4"]
    first.close()
