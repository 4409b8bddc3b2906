"""Bronze to an answered question through the definitions as Dagster loads them."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest

from lakehouse_assets.assets.semantic import semantic_assets
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.definitions import build_defs
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.storage.queue import QuestionQueue
from tests.assets import tiny

STORY = [
    ("C1", "CREATED", "2024-03-01", 1),
    ("C1", "RESOLVED", "2024-03-02", 1),
    ("C2", "CREATED", "2024-03-02", 1),
]


@pytest.fixture
def defs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.Definitions]:
    tiny.parsed(settings)
    monkeypatch.setenv("ASKLAKE_HOME", str(settings.home))
    yield build_defs(settings)


def run(defs: dg.Definitions, job: str, **options: object) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def(job).execute_in_process(instance=instance, **options)  # type: ignore[arg-type]
    assert result.success
    return result


def test_files_become_answers(settings: Settings, lake: Lake, defs: dg.Definitions) -> None:
    tiny.publish_events(lake, STORY)
    run(defs, "build_platform")
    run(defs, "build_pgr", tags=tiny.in_range("2024-03-01", "2024-03-02"))

    pgr = [dg.AssetKey(i.split(".")) for i, c in platform_contracts().items() if i.startswith("semantic.mv_pgr")]
    result = run(defs, "build_semantic", asset_selection=pgr)
    assert {c.passed for c in result.get_asset_check_evaluations()} == {True}
    with lake.session() as session:
        (row,) = session.query("select * from semantic.mv_pgr_ward_summary").to_pylist()
    assert row["ward_id"] == "WARD_01"
    assert row["pgr_complaints"] == 2
    assert row["pgr_resolution_rate"] == pytest.approx(0.5)

    question = {"question": "How many complaints were there in total?"}
    result = run(defs, "answer_questions", run_config={"ops": {"answer": {"config": question}}})
    (event,) = result.get_asset_materialization_events()
    assert event.asset_key == dg.AssetKey(["semantic", "nlq_answers"])
    with lake.session() as session:
        (answer,) = session.query("select outcome, rows_json, answer_id from semantic.nlq_answers").to_pylist()
    assert answer["outcome"] == "answered", answer
    assert "2" in answer["rows_json"]
    assert answer["answer_id"] == result.run_id

    queue = QuestionQueue(settings.queue_url)
    for text in ("How many complaints are open?", "What is the meaning of life?"):
        queue.enqueue(text, role="admin")
    run(defs, "answer_questions")
    assert queue.counts()["queued"] == 0
    assert queue.counts()["answered"] == 1
    result = run(defs, "answer_questions")
    assert not result.get_asset_materialization_events(), "nothing waits: nothing is published"


def test_a_saved_query_without_a_contract_does_not_load(settings: Settings) -> None:
    graph = dbt_graph.load(tiny.parsed(settings))
    contracts = {i: c for i, c in platform_contracts().items() if i not in ("semantic.mv_sales_geo",)}
    contracts.pop("semantic.nlq_answers")
    with pytest.raises(ValueError, match=r"differ in semantic\.mv_sales_geo"):
        semantic_assets(settings, graph, contracts)
