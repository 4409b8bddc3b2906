"""Questions by the clock: the file, its words for times, and a tick that becomes an answer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import yaml

from lakehouse_assets.assets.questions.answers import answers_asset
from lakehouse_assets.assets.questions.scheduled import (
    ScheduledQuestion,
    ScheduledQuestionsError,
    find_question,
    load_questions,
)
from lakehouse_assets.assets.steps.resources import lake_resource
from lakehouse_assets.automation import jobs
from lakehouse_assets.automation.schedules import asked_by_the_clock
from lakehouse_assets.lakehouse.lake import Lake
from nlq.watching.times import cron_of
from tests.nlq.answering.test_answer import sql_rows


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("every Monday 8:00", "0 8 * * 1"),
        ("Every  monday at 08:05", "5 8 * * 1"),
        ("every weekday 7:30", "30 7 * * 1-5"),
        ("every day 23:59", "59 23 * * *"),
        ("every Tuesday and Friday 9:00", "0 9 * * 2,5"),
        ("every monday, sunday 9:00", "0 9 * * 1,0"),
        ("every hour", "0 * * * *"),
        ("15 6 1 * *", "15 6 1 * *"),
    ],
)
def test_times_in_words(text: str, cron: str) -> None:
    assert cron_of(text) == cron
    assert dg.ScheduleDefinition(name="x", cron_schedule=cron, job_name="j").cron_schedule == cron


@pytest.mark.parametrize("text", ["", "monday", "every Monday", "every Moonday 8:00", "every day 24:00", "8:00", "* *"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="write “every Monday 8:00”"):
        cron_of(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("questions: {}", "has no list 'questions'"),
        ("- a", "has no list 'questions'"),
        ("questions: [", "is not YAML"),
        ("questions: [\xe9]", "cannot be read: 'utf-8'"),
        ("questions: [{name: a, question: q, at: now}]", "question 1, at: 'now' is no time"),
        ("questions: [{name: A b, question: q, at: every hour}]", "question 1, name"),
        ("questions: [{name: a, question: q, at: every hour, time_zone: Mars/Base}]", "no time zone 'Mars/Base'"),
        ("questions: [{name: a, question: q, at: every hour, role: king}]", "no role 'king'"),
        ("questions: [{name: a, question: q, at: every hour, sql: x}]", "question 1, sql"),
        ("questions: [&q {name: a, question: q, at: every hour}, *q]", "two questions are named 'a'"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "questions.yml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(ScheduledQuestionsError, match=problem) as error:
        load_questions(file)
    assert str(file) in str(error.value)


def test_no_file_is_no_question(tmp_path: Path) -> None:
    assert load_questions(tmp_path / "none.yml") == []


def test_a_question_is_found_by_its_name_only(tmp_path: Path) -> None:
    file = tmp_path / "questions.yml"
    file.write_text("questions: [{name: monday, question: Backlog by ward, at: every hour}]")
    assert find_question(file, "monday").question == "Backlog by ward"
    with pytest.raises(ScheduledQuestionsError, match="no question named 'admin'; it has monday"):
        find_question(file, "admin")


def test_a_tick_is_a_run_that_answers_once_about_its_own_moment(
    asked_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ScheduledQuestion(
        name="monday", question="complaints last month", at="every Monday 8:00", time_zone="Asia/Kolkata",
        tenant="pb.amritsar", role="viewer",
    )  # fmt: skip
    monkeypatch.setenv("ASKLAKE_SCHEDULED_QUESTIONS", str(tmp_path / "questions.yml"))
    (tmp_path / "questions.yml").write_text(yaml.safe_dump({"questions": [question.model_dump()]}))
    asset = answers_asset(asked_lake.settings)
    job = jobs.job(jobs.ANSWER, [asset], "answers")
    schedule = asked_by_the_clock(question, job)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 8 * * 1", "Asia/Kolkata")
    tick = datetime(2026, 2, 16, 8, tzinfo=ZoneInfo("Asia/Kolkata"))
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=tick)
        request = next(iter(schedule.evaluate_tick(context).run_requests or ()))
        assert request.run_key == "2026-02-16T02:30:00"
        definitions = dg.Definitions(
            assets=[asset], jobs=[job], resources={"lakehouse": lake_resource(asked_lake.settings.home)}
        )
        for _ in range(2):
            result = definitions.resolve_job_def(jobs.ANSWER).execute_in_process(
                run_config=request.run_config, instance=instance
            )
            assert result.success
    january = """select count(*) from gold.gold_pgr_case_lifecycle where tenant_id = 'pb.amritsar'
                 and submitted_date between '2026-01-01' and '2026-01-31'"""
    (expected,) = sql_rows(asked_lake, january)[0]
    assert request.run_config == {"ops": {"answer": {"config": {"scheduled": "monday", "now": request.run_key}}}}
    answer_id = question.answer_id(datetime.fromisoformat(request.run_key))
    stored = sql_rows(
        asked_lake,
        f"select rows_json, asked_by, tenant_id from semantic.nlq_answers where answer_id = '{answer_id}'",
    )
    assert stored == [(f"[[{expected}]]", "schedule monday", "pb.amritsar")]
