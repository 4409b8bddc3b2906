"""A new engine is one module and one line in `profiles.ENGINES`; nothing else knows an engine by its name."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse_assets import profiles
from lakehouse_assets.commands.failures import explain, hint_of
from lakehouse_assets.lakehouse.dbt import manifest as dbt_manifest
from lakehouse_assets.lakehouse.dbt import runner
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.profiling.compute import profile_of
from lakehouse_assets.settings import Settings
from lakehouse_assets.settings.lake import PROJECT_ROOT
from semantic.layer import SemanticLayer
from tests.lakehouse.engines import third
from tests.lakehouse.readings import READINGS, publish, rows

NAMED = re.compile("trino|duckdb", re.IGNORECASE)
ALLOWED = {
    "lakehouse_assets/profiles.py": "lists the engines",
    "lakehouse_assets/lakehouse/engines/": "the engines",
    "lakehouse_assets/lakehouse/publish/by_": "one publisher for each that publishes otherwise",
    "lakehouse_assets/lakehouse/dbt/duckdb_plugin.py": "a plugin of dbt's adapter, which creates it by its name",
    "lakehouse_assets/lakehouse/dbt/_internals.py": "the door into dbt, its adapters among it",
    "lakehouse_assets/lakehouse/foreign/": "databases of others, each kind with its addresses",
    "lakehouse_assets/lakehouse/evaluation.py": "sqlglot's name of the SQL that contracts are written in",
    "lakehouse_assets/settings/lake.py": "an example in the description of a setting",
    "lakehouse_assets/settings/servers.py": "an example in the description of a setting",
    "lakehouse_assets/cli.py": "help on the addresses of databases of others",
    "lakehouse_assets/commands/asking/questions.py": "help on the addresses of databases of others",
}
EMBEDDED = {
    "lakehouse_assets/ingest/": "raw records are read and sorted out by it",
    "lakehouse_assets/intake/": "tables of events are, too",
    "lakehouse_assets/uploads/": "files that were sent are looked at by it",
    "lakehouse_assets/drafting/": "samples are",
    "lakehouse_assets/checking/sources.py": "mappings are tried by it",
    "lakehouse_assets/profiling/compute.py": "profiles of samples are computed by it",
    "lakehouse_assets/lakehouse/publish/": "it writes what this process holds as Parquet, and reads footers",
    "lakehouse_assets/builds/record_key_index.py": "an index beside the warehouse, made only in a session of its own",
    "lakehouse_assets/commands/confined.py": "statements are confined in the process that it runs in",
    "lakehouse_assets/service/processes.py": "is imported before processes fork, on every profile",
    "lakehouse_assets/settings/types.py": "paths that it cannot open, on every profile",
}
"""Where DuckDB is the library by which this process handles files and rows of its own, whatever engine there is."""


@pytest.fixture
def third_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setitem(profiles.ENGINES, "third", third.KIND)
    return Settings(profile="local", engine="third", home=settings.home, landing="", dagster_home=None)


def test_rows_are_published_audited_and_read_by_a_new_engine(third_settings: Settings) -> None:
    lake = Lake(third_settings)
    assert isinstance(lake.engine, third.ThirdEngine)
    (published,) = publish(lake, rows("2024-01-01", 2), ReplaceTable())
    assert published.publication_id in third.ThirdWriter.made
    with lake.session() as session:
        assert session.query("select count(*) as n from silver.readings").to_pylist() == [{"n": 6}]
    twice = f"({rows('2024-01-01', 1)}) union all ({rows('2024-01-01', 1)})"
    with pytest.raises(AuditFailedError, match="key__unique failed for 3 of 6"):
        publish(lake, twice, ReplaceTable())


def test_statements_are_in_the_sql_of_a_new_engine(third_settings: Settings) -> None:
    lake, asked = Lake(third_settings), list[str]()
    publish(lake, rows("2024-01-01", 2), ReplaceTable())
    with lake.session(writer=True) as session:
        session.expose(READINGS.identifier)

        def run(sql: str) -> Any:
            asked.append(sql)
            return session.run(sql)

        found = profile_of(READINGS.identifier, run, lake.engine.dialect)
    assert found.rows == 6
    assert any("count(distinct " in sql for sql in asked) and not any("approx_count" in sql for sql in asked)


def test_metrics_are_compiled_to_the_sql_of_a_new_engine(
    asked_lake: Lake, third_settings: Settings, tmp_path: Path
) -> None:
    for name in ("semantic_manifest.json", "asklake_dimensions.json"):
        if (kept := asked_lake.settings.dbt_target_dir / name).exists():
            shutil.copy(kept, tmp_path)
    layer = SemanticLayer(third_settings, target_dir=tmp_path)
    assert "third_percentile(" in layer.compile(["pgr_p90_turnaround_hours"], ["tenant_id"]).sql.lower()


def test_dbt_is_tied_to_a_publication_as_a_new_engine_says(
    third_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dbt_manifest.options(third_settings)[:2] == ("--target", "third")
    assert third_settings.dbt_target_dir.name == "third"
    invoked: list[list[str]] = []
    project = SimpleNamespace(nodes={}, sources={})
    monkeypatch.setattr(dbt_manifest, "load", lambda settings: project)
    monkeypatch.setattr(dbt_manifest, "part", lambda manifest, models: manifest)

    def invoke(arguments: list[str], *_: Any) -> Any:
        invoked.append(arguments)
        return SimpleNamespace(result=None, exception=None)

    monkeypatch.setattr(dbt_manifest, "invoke", invoke)
    with begin(Lake(third_settings), run_id="test") as publication:
        runner.run(publication, {}, select=["a_model"])
        assert third.bound[-1].publication is publication and third.bound[-1].manifest is project
    (arguments,) = invoked
    assert arguments[arguments.index("--target") + 1] == "third"
    assert '"third": "tied"' in arguments[arguments.index("--vars") + 1]


def test_errors_of_a_new_engine_are_known(third_settings: Settings) -> None:
    told = explain(third.ThirdLibraryBusyError("not now"))
    assert told and (told.problem, told.hint) == ("not now", "ask the third engine later")
    assert hint_of("ThirdLibraryBusyError", "not now") == "ask the third engine later"


def test_an_engine_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        ValidationError, match=r"there is no engine 'duckdbb': set ASKLAKE_ENGINE to one of duckdb, trin"
    ):
        Settings(profile="local", engine="duckdbb")


@pytest.mark.parametrize("engine", list(profiles.ENGINES))
def test_every_engine_says_what_it_is(engine: str) -> None:
    assert spec_of(engine).dialect.type_name("BIGINT").lower() == "bigint"
    targets = [kind.dbt_target for kind in profiles.ENGINES.values()]
    assert len(set(targets)) == len(targets)


def test_no_other_module_names_an_engine() -> None:
    found = [f"{path}: {name}" for path, name in _named() if not path.startswith((*ALLOWED, *EMBEDDED))]
    assert not found, "let the engine's specification say it (lakehouse/engines/spec.py):\n" + "\n".join(found)


def test_where_one_is_the_library_of_this_process_no_other_is_named() -> None:
    library = [(path, name) for path, name in _named() if path.startswith(tuple(EMBEDDED)) and "/by_" not in path]
    assert [(path, name) for path, name in library if "trino" in name.lower()] == []


def test_whatever_may_name_an_engine_does() -> None:
    paths = {path for path, _ in _named()}
    assert [place for place in (*ALLOWED, *EMBEDDED) if not any(path.startswith(place) for path in paths)] == []


@cache
def _named() -> list[tuple[str, str]]:
    """Each module, and what in its code names an engine; texts about it may."""
    texts = {
        str(file.relative_to(PROJECT_ROOT)): file.read_text()
        for package in ("lakehouse_assets", "nlq", "semantic")
        for file in sorted((PROJECT_ROOT / package).rglob("*.py"))
    }
    trees = {path: ast.parse(text) for path, text in texts.items() if NAMED.search(text)}
    return sorted({(path, name) for path, tree in trees.items() for name in _texts(tree) if NAMED.search(name)})


def _texts(tree: ast.AST) -> Iterator[str]:
    docstrings = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name) | ast.arg(arg=name):
                yield name
            case ast.ImportFrom(module=str(module)):
                yield module
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
