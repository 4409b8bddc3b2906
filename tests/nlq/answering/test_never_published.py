"""What was never published is not zero: every way of asking says which table is missing, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.answering.catalog import catalog_of
from nlq.answering.compiling.layer import PlannedLayer
from nlq.answering.document.model import Answer
from nlq.core.guard import Caller, Role
from nlq.core.plan import Grain, Plan, TimeRange
from nlq.core.vocabulary import Vocabulary
from nlq.factory import open_answerer
from nlq.planning.planner import Planner
from semantic.layer import SemanticLayer
from semantic.values import DimensionValues
from tests.semantic.tables import CASES, SALES, SPINE

MISSING = "gold.gold_pgr_case_lifecycle"


def publish(lake: Lake, **tables: str) -> None:
    publication = open_publication(lake, run_id="test")
    try:
        with publication.session() as session:
            assert isinstance(session, DuckDBSession)
            for name, sql in tables.items():
                identifier = name.replace("__", ".")
                session.keep(identifier, sql)
                publication.stage_query(contract_of(identifier), f"select * from {identifier}", session, ReplaceTable())
            publication.audit()
        publication.publish()
    except BaseException:
        publication.abandon()
        raise


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of sales; the first build of complaints was refused."""
    folder: Path = tmp_path_factory.mktemp("half")
    lake = Lake(Settings(profile="local", home=folder, landing="", dagster_home=None))
    publish(lake, gold__time_spine_daily=SPINE, silver__silver_sales=SALES)
    with pytest.raises(AuditFailedError):
        publish(lake, gold__gold_pgr_case_lifecycle=f"select * replace ('' as status) from ({CASES}) as t")
    return lake


@pytest.fixture(scope="module")
def answerer(lake: Lake) -> Answerer:
    return open_answerer(lake)


def never(answer: Answer) -> str:
    assert (answer.outcome, answer.error, answer.rows) == ("failed", "never_published", ())
    assert "which is not zero" in answer.sentence
    return answer.sentence


@pytest.mark.parametrize(
    "question", ["How many complaints are there?", "Complaints by channel", "complaints last month", "Resolution rate"]
)
def test_a_question_is_told_what_is_missing(answerer: Answerer, question: str) -> None:
    sentence = never(answerer.ask(question))
    assert f"{MISSING} was never published" in sentence
    assert "asklake materialize --domain pgr" in sentence


def test_what_is_needed_to_tell_is_made_once(lake: Lake) -> None:
    """It takes as long as several questions do."""
    made: list[Vocabulary] = []

    def counted(vocabulary: Vocabulary) -> Planner:
        made.append(vocabulary)
        return Planner(vocabulary)

    layer = SemanticLayer(lake.settings)
    answerer = Answerer(lake, PlannedLayer(layer, DimensionValues(lake, layer)), planner=counted)
    for question in ("How many complaints are there?", "complaints by channel", "the meaning of life"):
        answerer.ask(question)
    assert len(made) == 2


def test_so_is_a_plan(answerer: Answerer) -> None:
    assert MISSING in never(answerer.run(Plan(metrics=("pgr_complaints",))))
    both = never(answerer.run(Plan(metrics=("sales_orders", "pgr_complaints"))))
    assert both.startswith("Nothing is known of Complaints, ")
    monthly = never(answerer.run(Plan(metrics=("sales_growth_mom",), grain=Grain.MONTH)))
    assert "gold.gold_sales_monthly was never published" in monthly


def test_what_is_there_is_answered(answerer: Answerer) -> None:
    assert answerer.ask("net sales by channel").outcome == "answered"
    assert answerer.ask("rainfall by channel").outcome == "refused"


def test_the_catalog_tells_them_apart(answerer: Answerer) -> None:
    catalog = catalog_of(answerer.vocabulary(), "", answerer.unpublished())
    waiting = {one.name: one.tables for one in catalog.unpublished}
    assert waiting["pgr_complaints"] == (MISSING,)
    assert not waiting.keys() & {metric.name for metric in catalog.metrics}
    assert "sales_orders" not in waiting


def test_nobody_learns_of_metrics_that_are_not_for_him(lake: Lake, answerer: Answerer) -> None:
    roles = {"clerk": Role(("sales_*",), every_tenant=True)}
    clerk = Answerer(lake, answerer._layer, roles=roles)  # pyright: ignore[reportPrivateUsage]
    caller = Caller(None, "clerk")
    assert clerk.run(Plan(metrics=("pgr_complaints",)), caller).error == "unknown_metric"
    assert clerk.ask("How many complaints are there?", caller).outcome == "refused"
    assert {metric.domain for metric in clerk.unpublished(caller)} == {"sales"}


def test_an_empty_lake_and_an_empty_table(tmp_path: Path) -> None:
    lake = Lake(Settings(profile="local", home=tmp_path, landing="", dagster_home=None))
    answerer = open_answerer(lake)
    never(answerer.ask("How many complaints are there?"))
    publish(lake, gold__time_spine_daily=SPINE, silver__silver_sales=f"select * from ({SALES}) as t where false")
    answer = answerer.ask("how many orders are there")
    assert (answer.outcome, answer.rows) == ("answered", ())
    assert "silver.silver_sales has no rows" in answer.sentence
    span = TimeRange.model_validate({"start": "2025-01-01", "end": "2025-01-31"})
    assert answerer.run(Plan(metrics=("sales_orders",), time_range=span)).rows == ()


def test_a_question_that_names_no_metric_is_about_none(answerer: Answerer) -> None:
    """A text that no published table has could be a value of a table that was never published."""
    answer = answerer.ask("channel 'fax'")
    assert answer.outcome == "refused" and "fax" in answer.sentence
