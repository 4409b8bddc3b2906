"""The demo through the real command: what it prints is what the tables hold."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Sample

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def test_every_file_is_loaded_and_every_run_succeeds(sample: Sample) -> None:
    assert {f["outcome"] for f in sample.demo["files"]} == {"loaded"}
    assert all(r["success"] for r in sample.demo["runs"])
    assert all(f["rows_read"] == f["rows_loaded"] + f["rows_quarantined"] for f in sample.demo["files"])


def test_silver_holds_the_sample_without_its_copies(sample: Sample) -> None:
    counts = (
        "select (select count(*) from silver.silver_pgr_events) as events, "
        "(select count(*) from silver.silver_sales) as sales"
    )
    assert json.loads(sample.asklake("sql", counts, "--json").stdout)["rows"] == [{"events": 1000, "sales": 1000}]


def test_ten_questions_are_answered(sample: Sample) -> None:
    answers = sample.demo["answers"]
    assert len(answers) == 10
    assert {a["outcome"] for a in answers} == {"answered"}, [(a["question"], a["sentence"]) for a in answers]
    assert all(a["sql"] and a["snapshots"] for a in answers)


def test_a_replayed_answer_is_the_same(sample: Sample) -> None:
    first = next(a for a in sample.demo["answers"] if len(a["rows"]) > 1)
    again = json.loads(sample.asklake("replay", first["answer_id"], "--json").stdout)
    assert (again["rows"], again["snapshots"]) == (first["rows"], first["snapshots"])


def test_status_knows_every_table(sample: Sample) -> None:
    status = json.loads(sample.asklake("status", "--json").stdout)
    rows = {t["table"]: t["rows"] for t in status["tables"]}
    assert rows["silver.silver_pgr_events"] == 1000
    assert rows["gold.gold_sales_monthly"] > 0 and rows["semantic.nlq_answers"] >= 10
    assert status["quarantined"] == sum(g["records"] for g in sample.demo["quarantined"]) > 0
    assert status["next"]
