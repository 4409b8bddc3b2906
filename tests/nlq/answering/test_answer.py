"""Answers over a real lake: right rows by independent SQL, tenants kept apart, sentences, storing, replay."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from lakehouse_assets.domains.pgr.questions import QUESTIONS
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer, AnswerNotFoundError
from nlq.core.guard import Caller
from nlq.core.outcome import Because
from nlq.core.plan import Comparator, DimensionFilter, OrderBy, Plan, Threshold
from nlq.factory import open_answerer
from nlq.storage.contracts import ANSWERS
from nlq.storage.store import replay, store_answers
from tests.semantic.tables import new_lake

NOW = datetime(2026, 2, 20)
AMRITSAR = Caller("pb.amritsar", "viewer")
CASES = "gold.gold_pgr_case_lifecycle"


def sql_rows(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    with lake.session() as session:
        return [tuple(row.values()) for row in session.query(sql).to_pylist()]


def answered(answerer: Answerer, question: str, caller: Caller | None = None) -> Answer:
    answer = answerer.ask(question, caller, NOW)
    assert answer.outcome == "answered", answer.sentence
    return answer


@pytest.mark.parametrize(
    ("question", "sql"),
    [
        ("How many complaints are there in total?", f"select count(*) from {CASES}"),
        (
            "complaints by ward",
            f"select ward_id, count(*) n from {CASES} group by 1 order by n desc, ward_id nulls last",
        ),
        (
            "which ward has the most complaints via whatsapp",
            f"""select ward_id, count(*) n from {CASES} where channel = 'WHATSAPP' and ward_id is not null
                group by 1 qualify rank() over (order by n desc) = 1 order by 1""",
        ),
        (
            "complaints by channel last month excluding web",
            f"""select channel, count(*) n from {CASES} where channel <> 'WEB'
                and submitted_date between '2026-01-01' and '2026-01-31' group by 1 order by n desc, 1""",
        ),
        (
            "wards with more than 160 complaints",
            f"select ward_id, count(*) n from {CASES} group by 1 having n > 160 order by n desc, 1",
        ),
        (
            "backlog in January 2026 by channel",
            """select channel, sum(open_cases) n from gold.gold_pgr_backlog_daily
               where metric_date = '2026-01-31' group by 1 order by n desc, 1""",
        ),
        (
            "SLA breach rate by priority",
            f"""select priority, count(*) filter (is_sla_breached) / count(*) filter (is_sla_breached is not null) r
                from {CASES} group by 1 order by r desc, 1""",
        ),
        (
            "monthly complaints in amritsar since January 2026",
            f"""select strftime(date_trunc('month', submitted_date), '%Y-%m-%d') as month, count(*) n from {CASES}
                where tenant_id = 'pb.amritsar' and submitted_date >= '2026-01-01' and submitted_date <= '2026-02-20'
                group by 1 order by 1""",
        ),
    ],
)
def test_rows_are_right(answerer: Answerer, asked_lake: Lake, question: str, sql: str) -> None:
    answer = answered(answerer, question)
    expected = sql_rows(asked_lake, sql)
    assert expected
    assert len(answer.rows) == len(expected)
    for found, wanted in zip(answer.rows, expected, strict=True):
        assert found == pytest.approx(wanted)


def test_an_answer_tells_everything(answerer: Answerer, asked_lake: Lake) -> None:
    answer = answered(answerer, "resolution rate by ward in 2025")
    assert [column.label for column in answer.columns] == ["Ward", "Resolution rate"]
    assert answer.columns[1].format == "percent"
    assert answer.definitions["Resolution rate"]
    assert answer.filters == ("from 2025-01-01 to 2025-12-31",)
    assert answer.snapshots.keys() == {CASES}
    (state,) = answer.freshness
    ((newest,),) = sql_rows(asked_lake, f"select max(submitted_date) from {CASES}")
    assert (state.table, state.newest_day) == (CASES, newest)
    assert state.published_at
    assert {item.words for item in answer.because} >= {"resolution rate", "ward", "in 2025"}
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def test_choices_and_refusals_tell_what_the_words_became(answerer: Answerer) -> None:
    asked_back = answerer.ask("complaints in zork by channel", now=NOW)
    assert [(item.words, item.part) for item in asked_back.choices[0].because if item.part == "left_out"] == [
        ("zork", "left_out")
    ]
    assert {item.part for item in asked_back.because} >= {"metric", "dimension", "left_out"}
    refused = answerer.ask("complaints of zork, blorg and fnord", now=NOW)
    assert refused.outcome == "refused"
    assert {item.words for item in refused.because if item.part == "unknown"} == {"zork", "blorg", "fnord"}


def test_what_earlier_versions_told_of_words_is_read() -> None:
    assert Because.model_validate({"words": "ward", "meaning": "by Ward"}) == Because(words="ward", meaning="by Ward")


def test_numbers_of_a_sentence_are_of_the_rows(answerer: Answerer) -> None:
    answer = answered(answerer, "how many complaints are there")
    assert answer.sentence == f"Complaints: {answer.rows[0][0]}."
    nothing = answered(answerer, "complaints by ward on 2 January 2025")
    assert nothing.sentence == "Nothing matches: no Complaints on 2025-01-02."


def test_what_stays_from_the_question_before_is_told_and_may_go(answerer: Answerer) -> None:
    before = answered(answerer, "complaints by channel in January 2026")
    answer = answerer.ask("and by ward?", now=NOW, previous=before.plan)
    assert [part.says for part in answer.carried] == ["Complaints", "from 2026-01-01 to 2026-01-31"]
    metrics, time = answer.carried
    assert metrics.without is None and time.without is not None
    assert time.without.question == "Complaints by Ward"
    assert answerer.run(time.without.plan).rows == answered(answerer, "complaints by ward").rows
    assert answered(answerer, "complaints by ward").carried == ()


def test_what_is_cut_off_is_said(answerer: Answerer) -> None:
    plan = Plan(metrics=("pgr_complaints",), group_by=("complaint__ward_id",), limit=2)
    cut, whole = answerer.run(plan), answerer.run(plan.model_copy(update={"limit": 5}))
    assert (cut.row_count, cut.truncated, whole.row_count, whole.truncated) == (2, True, 5, False)
    assert cut.sentence.endswith("There are more rows than these 2.")
    assert "more rows" not in whole.sentence


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_demo_is_answered(answerer: Answerer, question: str) -> None:
    assert answered(answerer, question).rows


def test_refusals_and_choices(answerer: Answerer) -> None:
    refused = answerer.ask("rainfall by ward", now=NOW)
    assert (refused.outcome, refused.plan, refused.rows) == ("refused", None, ())
    assert refused.nearest
    asked_back = answerer.ask("turnaround by ward", now=NOW)
    assert asked_back.outcome == "clarify"
    for choice in asked_back.choices:
        assert answerer.run(choice.plan, question=choice.question).outcome == "answered"


def test_a_plan_before_of_what_is_gone_is_none(answerer: Answerer) -> None:
    kept = Plan(metrics=("pgr_complaints",))
    assert answerer.ask("and by ward?", now=NOW, previous=kept).outcome == "answered"
    for gone in (Plan(metrics=("rainfall",)), kept.model_copy(update={"group_by": ("complaint__mood",)})):
        assert answerer.ask("and by ward?", now=NOW, previous=gone).outcome != "answered"
        assert answerer.ask("complaints by ward", now=NOW, previous=gone).outcome == "answered"


def test_tenants_see_their_own(answerer: Answerer, asked_lake: Lake) -> None:
    own = answered(answerer, "how many complaints are there", AMRITSAR)
    assert own.rows == tuple(sql_rows(asked_lake, f"select count(*) from {CASES} where tenant_id = 'pb.amritsar'"))
    by_tenant = answered(answerer, "complaints by tenant", AMRITSAR)
    assert [row[0] for row in by_tenant.rows] == ["pb.amritsar"]
    for question in ("complaints in jalandhar", 'complaints for tenant "pb.jalandhar"', "complaints not in amritsar"):
        assert not answerer.ask(question, AMRITSAR, NOW).rows


WORDS = (
    "complaints sales backlog orders by ward city channel tenant top 5 not amritsar jalandhar ludhiana pb.ludhiana in "
    "and or most monthly since 2025 whatsapp"
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=8).map(" ".join))
def test_no_wording_reaches_another_tenant(answerer: Answerer, question: str) -> None:
    answer = answerer.ask(question, AMRITSAR, NOW)
    if answer.sql is None:
        return
    (statement,) = sqlglot.parse(answer.sql, read="duckdb")
    assert isinstance(statement, exp.Select)
    literals = {literal.this for literal in statement.find_all(exp.Literal) if literal.is_string}
    assert "pb.amritsar" in literals
    assert not literals & {"pb.jalandhar", "pb.ludhiana"}
    keys = [n for n, column in enumerate(answer.columns) if column.name.endswith("tenant_id")]
    assert all(row[key] == "pb.amritsar" for row in answer.rows for key in keys)


@pytest.mark.parametrize("value", ["O'Brien", "'; drop table x; --", "{{ 1 }}", "WEB' or '1'='1", "%", "\\"])
def test_text_in_a_plan_is_refused_or_a_literal(answerer: Answerer, value: str) -> None:
    plan = Plan(
        metrics=("pgr_complaints",), filters=(DimensionFilter(dimension="complaint__channel", values=(value,)),)
    )
    answer = answerer.run(plan)
    assert (answer.outcome, answer.error) == ("refused", "unknown_value")


def test_limits(answerer: Answerer) -> None:
    plan = Plan(
        metrics=("pgr_complaints",),
        group_by=("complaint__complaint_id",),
        having=(Threshold(metric="pgr_complaints", comparator=Comparator.GE, value=1),),
        order_by=(OrderBy(field="complaint__complaint_id"),),
    )
    assert len(answerer.run(plan.model_copy(update={"limit": 7})).rows) == 7
    assert answerer.run(plan).row_count == 700


def test_stored_once_and_replayed_after_the_tables_moved_on(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    own = open_answerer(lake)
    answer = answered(own, "complaints by ward", AMRITSAR)
    refused = own.ask("rainfall", AMRITSAR, NOW)
    published = store_answers(lake, [answer, refused, answer], "run")
    assert published
    assert published.rows == 2
    assert store_answers(lake, [refused, answer], "again") is None

    publication = open_publication(lake, run_id="change")
    with publication.session() as session:
        session.expose(CASES)
        publication.stage_query(_contract(), f"select * from {CASES} limit 10", session, ReplaceTable())
        publication.audit()
    publication.publish()
    assert answered(own, "complaints by ward", AMRITSAR).rows != answer.rows
    again = replay(lake, own, answer.answer_id)
    assert (again.rows, again.snapshots, again.sql) == (answer.rows, answer.snapshots, answer.sql)
    then = open_answerer(Lake(lake.settings, at=published.publication_id)).ask("complaints by ward", AMRITSAR, NOW)
    assert (then.rows, then.snapshots, then.freshness) == (answer.rows, answer.snapshots, answer.freshness)

    ((rows_json, plan_json),) = sql_rows(
        lake, f"select rows_json, plan_json from {ANSWERS.identifier} where answer_id = '{answer.answer_id}'"
    )
    assert tuple(map(tuple, json.loads(rows_json))) == answer.rows
    assert Plan.model_validate_json(plan_json) == answer.plan
    for caller, answer_id in ((Caller("pb.ludhiana", "viewer"), answer.answer_id), (None, refused.answer_id)):
        with pytest.raises(AnswerNotFoundError):
            replay(lake, own, answer_id, caller)


def _contract() -> Any:
    from lakehouse_assets.domains import contract_of

    return contract_of(CASES)


def test_without_data_the_answer_says_so(lake: Lake) -> None:
    answer = open_answerer(lake).ask("how many complaints are there")
    assert answer.outcome == "failed"
    assert "gold.gold_pgr_case_lifecycle" in answer.sentence
