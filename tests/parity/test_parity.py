"""One pipeline, two profiles: the same input gives the same tables and the same answers."""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.assets import dbt_graph
from lakehouse_assets.assets.days import dirty_days
from lakehouse_assets.assets.semantic import refresh
from lakehouse_assets.assets.transform import LAYERS, rebuild
from lakehouse_assets.domains import DOMAINS, all_contracts
from lakehouse_assets.ingest.loader import load
from lakehouse_assets.lakehouse import dbt_manifest
from lakehouse_assets.lakehouse.contract import quoted
from lakehouse_assets.lakehouse.lake import Lake
from nlq.demo import QUESTIONS
from nlq.guard import Caller
from nlq.opening import open_answerer

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]

DIFFERS_BY_NATURE = {"load_id", "loaded_at", "publication_id", "source_file", "quarantine_id", "content_sha256"}
CONTRACTS = {c.identifier: c for c in all_contracts()}
FIRST, LAST = date(2026, 1, 1), date(2026, 2, 20)
SIZE = 1000


@pytest.fixture
def waves(tmp_path: Path) -> list[dict[str, list[str]]]:
    """Files of two loads: the second brings late and corrected records of days that are built by then."""
    samples = [f"lakehouse_assets.domains.{domain}.sample" for domain in DOMAINS]
    makers = [importlib.import_module(name) for name in samples if importlib.util.find_spec(name)]
    made = [m.write_sample(tmp_path, size=SIZE, first_day=FIRST, last_day=LAST, files=2) for m in makers]
    files = {source: paths for summary in made for source, paths in summary.files.items()}
    return [{source: [str(paths[wave])] for source, paths in files.items()} for wave in (0, 1)]


def bring(lake: Lake, wave: dict[str, list[str]]) -> None:
    """Load files, then build all that is behind, domain by domain."""
    for source, files in wave.items():
        load(lake, files, source)
    dbt_manifest.load(lake.settings)
    graph = dbt_graph.load(lake.settings)
    # The calendar comes first: metrics of every domain read it.
    for domain in sorted(DOMAINS, key=lambda name: name != "platform"):
        own = [i for i, c in CONTRACTS.items() if c.domain == domain]
        tables = graph.in_order(i for i in own if CONTRACTS[i].layer in LAYERS)
        assert not rebuild(lake, graph, CONTRACTS, tables, dirty_days(lake, graph, tables), run_id="parity").failures
        assert not dirty_days(lake, graph, tables)
        semantic = [i for i in own if CONTRACTS[i].layer == "semantic"]
        if semantic:
            assert not refresh(lake, CONTRACTS, semantic, run_id="parity").failures


def contents(lake: Lake) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Types and rows of every table, without what differs between any two loads."""
    found = {}
    with lake.session() as session:
        for identifier in sorted(lake.catalog.heads()):
            schema = lake.catalog.load_table(identifier).schema()
            names = [f.name for f in schema.fields if f.name not in DIFFERS_BY_NATURE]
            table = session.query(f"select {', '.join(map(quoted, names))} from {identifier}")
            types = [f"{f.name}: {f.field_type}" for f in schema.fields] + [str(field.type) for field in table.schema]
            found[identifier] = (types, list(zip(*(column.to_pylist() for column in table.columns), strict=True)))
    return found


def assert_equal_rows(identifier: str, here: Sequence[tuple[Any, ...]], there: Sequence[tuple[Any, ...]]) -> None:
    """The same rows in any order; floats may differ in the digits that depend on the order of a sum."""
    missing, extra = Counter(there) - Counter(here), Counter(here) - Counter(there)
    pairs = zip(sorted(missing.elements(), key=_by_key), sorted(extra.elements(), key=_by_key), strict=True)
    for one, other in pairs:
        assert all(map(_alike, one, other)), f"{identifier}: {one} and {other}"


def _by_key(row: tuple[Any, ...]) -> str:
    return repr([None if isinstance(value, float) else value for value in row])


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


def test_tables_and_answers_are_the_same_on_both(
    lake: Lake, cluster_lake: Lake, waves: list[dict[str, list[str]]]
) -> None:
    for wave in waves:
        for each in (lake, cluster_lake):
            bring(each, wave)
        ours, theirs = contents(lake), contents(cluster_lake)
        assert ours.keys() == theirs.keys()
        for identifier, (types, rows) in ours.items():
            assert theirs[identifier][0] == types, identifier
            assert_equal_rows(identifier, theirs[identifier][1], rows)
    assert len(ours) >= 16
    answers = [[answer_of(each, question) for question in QUESTIONS] for each in (lake, cluster_lake)]
    for mine, their in zip(*answers, strict=True):
        assert mine.outcome == their.outcome
        assert mine.sentence == their.sentence
        assert_equal_rows(mine.question, [tuple(r) for r in their.rows], [tuple(r) for r in mine.rows])
    assert not leftovers(cluster_lake)


def answer_of(lake: Lake, question: str) -> Any:
    """The answer to a question, as an analyst of all tenants gets it."""
    return open_answerer(lake).ask(question, Caller(None, "analyst"))


def leftovers(lake: Lake) -> list[str]:
    """Branches and catalogs of publications that should be gone."""
    branches = [r.name for r in lake.catalog.nessie.references() if r.name != "main"]
    return branches + [name for name in lake.engine.catalogs() if name.startswith("pub_")]
