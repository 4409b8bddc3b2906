"""The project is sound, and whatever is damaged in a copy of it is found at its place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lakehouse_assets.checking.checks import CHECKS, Check, check_dbt, check_project
from lakehouse_assets.checking.contracts import check_models, check_owners, check_python_tables
from lakehouse_assets.checking.dashboards import check_dashboards_fit
from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.search import check_search_is_not_personal
from lakehouse_assets.checking.sources import check_sources
from lakehouse_assets.domains import all_contracts
from lakehouse_assets.drafting.design import OWNER as UNDECIDED_OWNER
from lakehouse_assets.settings import Settings
from lakehouse_assets.settings.lake import PROJECT_ROOT

FOLDERS = (
    "dbt_project/models", "semantic/models", "semantic/dashboards", "semantic/search", "lakehouse_assets/domains",
)  # fmt: skip
SILVER = "dbt_project/models/silver/sales/silver_sales.yml"
METRICS = "semantic/models/sales/metrics.yml"
MODELS = "semantic/models/sales/semantic_models.yml"
FEATURES = "lakehouse_assets/domains/retail/features.yml"
SOURCES = "lakehouse_assets/domains/sales/sources.yml"
TIMES = "semantic/models/pgr/semantic_models.yml"
SHOWN = "semantic/dashboards/retail/stores.yml"
SEARCHED = "semantic/search/retail.yml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files that a check reads, to be damaged."""
    for folder in FOLDERS:
        shutil.copytree(PROJECT_ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def found(root: Path, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    return check_project(Project(root), checks)


def test_the_project_is_sound() -> None:
    """But for what is open in a draft that nobody owns yet."""
    drafts = {c.domain for c in all_contracts() if c.owner == UNDECIDED_OWNER}
    assert [f for f in found(PROJECT_ROOT) if not drafts & set(f.file.parts)] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "rule", "says"),
    [
        (SEARCHED, "text: [content]", "text: [contents]", "search", "silver_retail_documents has no column contents"),
        (SEARCHED, "text: [content]", "text: [total_amount]", "search", "total_amount of silver.silver_retail_docu"),
        (SEARCHED, "silver.silver_retail_documents", "silver.silver_papers", "search", "declares silver.silver_papers"),
        (SEARCHED, "    text: [content]\n", "", "search", "text"),
        (METRICS, "{headline: 1, ", "{headline: first, ", "semantic", "a number from 1"),
        (METRICS, "{headline: 2, ", "{headline: 2, variant_of: sales_units, ", "semantic", "cannot stand for the"),
        (METRICS, "{headline: 3, ", "{variant_of: sales_nothing, ", "semantic", "'sales_nothing' is none"),
        (METRICS, "{headline: 4, ", "{variant_of: sales_return_rate, ", "semantic", "'sales_return_rate' is none"),
        (SILVER, "Identifier of the product.", "Number of the product.", "drift", "Identifier of the product."),
        (SILVER, "      - name: product_name\n        description: Name of the product.\n", "", "drift", "_name"),
        (SILVER, "name: product_name", "name: product_title", "drift", "product_title"),
        (SILVER, "        description: Name of the product.\n", "", "description", "product_name has no description"),
        (SILVER, "name: silver_sales", "name: silver_sails", "drift", "silver.silver_sails is described"),
        (SILVER, "columns:\n", "columns: [\n", "yaml", "not YAML"),
        (SOURCES, "target: bronze.sample_sales", "target: bronze.sales", "source", "no contract declares bronze.sales"),
        (SOURCES, "      order_id: order_id", "      basket_id: order_id", "source", "no column 'basket_id'"),
        (SOURCES, "channel: channel\n", "channel: upcase(channel)\n", "source", "upcase"),
        (TIMES, "instants: [resolved_at], ", "", "semantic", "resolved_at: its days are those of UTC"),
        (TIMES, "value_labels: {WHATSAPP: WhatsApp}", "value_labels: [WhatsApp]", "semantic", "a map of codes"),
        (TIMES, "value_words: true", "value_words: yes please", "semantic", "value_words is true or false"),
        (MODELS, "value_names: product_name", "value_names: product", "drift", "value_names is another dimension"),
        (TIMES, "instants: [closed_at]", "instants: [status]", "drift", "has no timestamp 'status'"),
        (SOURCES, "format: csv", "format: xlsx", "source", "format"),
        (FEATURES, "platinum_retail_store_features", "platinum_store_features", "feature", "platinum_store_features"),
        (SHOWN, "x: 3, y: 0", "x: 2, y: 0", "dashboard", "it lies on 'net'"),
        (FEATURES, "freshness_days: 7", "freshness_days: soon", "feature", "freshness_days"),
        (METRICS, "    label: Net sales\n", "", "description", "metric sales_net_amount has no label"),
        (METRICS, "sales before returns", "revenue", "synonym", "'revenue' means"),
        (METRICS, "format: integer, unit: orders", "format: whole, unit: orders", "semantic", "meta.format"),
        (METRICS, "name: sales_customers\n", "name: customers\n", "semantic", "names begin with the domain"),
        (MODELS, "ref('silver_sales')", "ref('silver_sails')", "semantic", "silver_sails"),
        (MODELS, "expr: quantity,", "expr: quantities,", "drift", "no column 'quantities'"),
        (MODELS, "{meta: {synonyms: [cities, town, towns]}}", "{}", "description", "city has no synonyms"),
        ("semantic/models/sales/saved_queries.yml", "        - sales_units\n", "", "drift", "has no 'sales_units'"),
        ("semantic/models/sales/saved_queries.yml", "mv_sales_geo", "mv_sales_place", "orphan", "mv_sales_place"),
        ("dbt_project/models/groups.yml", '"team:civic-data"', '"team:nobody"', "owner", "team:nobody is no team"),
        ("dbt_project/models/gold/sales/gold_sales_monthly.sql", "-- One row per", "-- Rows of", "grain", "begins"),
    ],
)  # fmt: skip
def test_damage_is_found_where_it_is(copy: Path, file: str, old: str, new: str, rule: str, says: str) -> None:
    path = copy / file
    text = path.read_text()
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    path.write_text(text.replace(old, new, 1))
    # To try the mapping of every source takes most of the time of a check, and finds what is in their files.
    checks = CHECKS if file == SOURCES else [check for check in CHECKS if check is not check_sources]
    (finding, *_) = [f for f in found(copy, checks) if f.rule == rule and says in f.message]
    assert finding.severity == "error"
    if finding.file == path:
        # A column that is gone is missed where the contract has it; what is wrong is shown within its entry.
        assert line - 2 <= finding.line <= line + 4


def test_a_line_that_is_marked_is_a_warning_and_told_of(copy: Path) -> None:
    path = copy / SILVER
    marked = "Number of it.  # TODO(decide): what it is"
    path.write_text(path.read_text().replace("Identifier of the product.", marked, 1))
    findings = [f for f in found(copy) if f.file == path]
    assert {f.severity for f in findings} == {"warning"}
    assert {f.rule for f in findings} == {"drift", "decide"}
    assert len({(f.file, f.line) for f in findings}) == 1


def orphan_model(root: Path) -> str:
    path = root / "dbt_project/models/gold/sales/gold_sales_daily.sql"
    path.write_text("-- One row per day.\nselect 1 as a\n")
    return "gold.gold_sales_daily is made, but no contract declares it"


def orphan_contract(root: Path) -> str:
    for kind in ("sql", "yml"):
        (root / f"dbt_project/models/gold/sales/gold_sales_monthly.{kind}").unlink()
    return "gold.gold_sales_monthly is declared, but no dbt model makes it"


def stray_folder(root: Path) -> str:
    folder = root / "semantic/models/parking"
    folder.mkdir()
    (folder / "metrics.yml").write_text("metrics: []\n")
    return "there is no domain 'parking'"


def same_source_twice(root: Path) -> str:
    path = root / "lakehouse_assets/domains/pgr/sources.yml"
    path.write_text(path.read_text().replace("name: pgr_events", "name: sales_csv"))
    return "source 'sales_csv' is stated in"


@pytest.mark.parametrize(
    "damage", [orphan_model, orphan_contract, stray_folder, same_source_twice], ids=lambda d: d.__name__
)
def test_what_only_one_side_knows_is_found(copy: Path, damage: Callable[[Path], str]) -> None:
    says = damage(copy)
    assert [f.message for f in found(copy) if f.severity == "error" and says in f.message]


def test_a_contract_is_shown_in_its_file_at_its_line() -> None:
    project = Project(PROJECT_ROOT)
    contract = project.contracts["gold.gold_sales_monthly"]
    project.contracts["gold.gold_sales_monthly"] = replace(contract, owner="team:nobody")  # pyright: ignore[reportIndexIssue]
    (owner, *_) = [f for f in check_owners(project) if "team:nobody is no team" in f.message]
    assert owner.file.name == "contracts.py"
    del project.described["gold.gold_sales_monthly"]  # pyright: ignore[reportIndexIssue]
    (missing,) = [f for f in check_models(project) if "no YAML" in f.message]
    assert missing.file.read_text().splitlines()[missing.line - 1].startswith("class GoldSalesMonthly")


def test_a_table_made_by_python_and_its_function_know_each_other() -> None:
    project = Project(PROJECT_ROOT)
    (table,) = [t for t in project.python_tables if t.identifier == "semantic.table_health"]
    others = [t for t in project.python_tables if t is not table]
    project.python_tables[:] = [*others, replace(table, reads=("gold.nothing",))]
    (unknown,) = check_python_tables(project)
    assert unknown.file.name == "tables.py" and "no contract declares gold.nothing" in unknown.message
    project.python_tables[:] = others
    (orphan,) = check_python_tables(project)
    assert orphan.file.name == "contracts.py" and "no function in tables.py" in orphan.message


def test_what_dbt_cannot_read_is_a_finding(copy: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    project = copy / "dbt_project"
    shutil.copytree(
        PROJECT_ROOT / "dbt_project", project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("target", "logs")
    )
    model = project / "models/gold/sales/gold_sales_monthly.sql"
    model.write_text(model.read_text().replace('ref("silver_sales")', 'ref("silver_sails")'))
    monkeypatch.setattr(Settings, "dbt_project_dir", property(lambda _: project))
    (finding,) = check_dbt(settings)
    assert finding.file == model
    assert "silver_sails" in finding.message


def test_every_dashboard_fits_the_layer_and_nothing_of_a_person_is_searched() -> None:
    settings = Settings()
    assert (check_dbt(settings) or [*check_dashboards_fit(settings), *check_search_is_not_personal(settings)]) == []
