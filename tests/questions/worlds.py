"""The lakes the question sets are asked of, and the raw files beside them for the rows that are right.

The lake is built as any other: sample files, ingestion, dbt. The expected rows come from the files themselves, by SQL
that shares nothing with the marts. Belongs here: making both. Does not belong here: judging answers (``asking``).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from lakehouse_assets import bounded_yaml
from lakehouse_assets.domains import contracts_of
from lakehouse_assets.ingest.loads.loader import load
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.answering.compiling.layer import PlannedLayer
from nlq.answering.parts import PlansQuestions
from nlq.core.guard import Caller, Role
from nlq.core.vocabulary import Vocabulary
from nlq.factory import open_foreign
from nlq.planning.planner import Planner
from semantic.layer import SemanticLayer
from semantic.values import DimensionValues
from tests.dbt_project.building import build
from tests.public_data import DATA
from tests.questions.olist_rows import write_rows

HERE = Path(__file__).parent
SIZES: Mapping[str, int] = {"pgr": 24_000, "sales": 20_000, "ecommerce": 2_000, "retail": 8_000, "telemetry": 12_000}
"""Size of each domain's sample."""
LAYERS = ("silver", "gold")


@dataclass(frozen=True)
class World:
    """What answers, the raw data, and the questions with what is right."""

    name: str
    today: date
    cases: Sequence[dict[str, Any]]
    answerer: Answerer
    caller: Caller
    raw: duckdb.DuckDBPyConnection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of SQL over the raw files."""
        return self.raw.execute(sql).fetchall()


@cache
def questions(name: str) -> dict[str, Any]:
    """One question file."""
    return bounded_yaml.read(HERE / f"{name}.yml")


def sample_worlds(folder: Path, planner: Callable[[Vocabulary], PlansQuestions] = Planner) -> dict[str, World]:
    """The domains in one lake, built from sample files; what is built in the folder already is used."""
    lake = Lake(Settings(profile="local", home=folder / "home", landing="", dagster_home=None))
    makers = {name: importlib.import_module(f"lakehouse_assets.domains.{name}.sample") for name in SIZES}
    files = {
        name: maker.write_sample(folder / "files", size=SIZES[name], files=2).files for name, maker in makers.items()
    }
    if not (built := folder / "built").exists():
        for source, paths in (item for sources in files.values() for item in sources.items()):
            load(lake, [str(path) for path in paths], source)
        made = [c.table for name in (*SIZES, "platform") for c in contracts_of(name) if c.layer in LAYERS]
        build(lake, made)
        built.touch()
    manifest.load(lake.settings)
    layer = SemanticLayer(lake.settings)
    # What a set's questions cannot mean is fixed: another domain may have what this one lacks.
    roles = {name: Role(metrics=(f"{name}_*",), every_tenant=True) for name in files}
    answerer = Answerer(lake, PlannedLayer(layer, DimensionValues(lake, layer)), roles=roles, planner=planner)
    return {name: _world(name, answerer, Caller(role=name), _raw(name, files[name])) for name in files}


def olist_files(folder: Path) -> Path:
    """The files of the shop: the data set where it lies beside the checkout, or rows made in the folder."""
    if (DATA / "olist").exists():
        return DATA / "olist"
    write_rows(folder)
    return folder


def olist_raw(files: Path) -> duckdb.DuckDBPyConnection:
    """The files of the shop as tables."""
    raw = open_instance()
    raw.execute("set variable folder = ?", [str(files)])
    raw.execute((HERE / "olist.sql").read_text(encoding="utf-8"))
    return raw


def foreign_world(folder: Path) -> World:
    """A shop's own dbt project and database, of which nothing here knows a name."""
    files = olist_files(folder / "files")
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "shop.duckdb"
    database.unlink(missing_ok=True)
    with open_instance() as con:
        con.execute(f"attach '{database}' as made")
        con.execute("use made")
        con.execute("set variable folder = ?", [str(files)])
        con.execute((HERE / "olist" / "tables.sql").read_text(encoding="utf-8"))
    settings = Settings(profile="local", home=folder / "home", landing="", dagster_home=None)
    return _world("olist", open_foreign(settings, HERE / "olist", database), Caller(), olist_raw(files))


def _world(name: str, answerer: Answerer, caller: Caller, raw: duckdb.DuckDBPyConnection) -> World:
    told = questions(name)
    return World(name, told["today"], told["questions"], answerer, caller, raw)


def _raw(name: str, files: Mapping[str, Sequence[Path]]) -> duckdb.DuckDBPyConnection:
    con = open_instance()
    con.execute("set timezone = 'UTC'")
    for source, paths in files.items():
        con.execute(f"set variable {source} = ?", [[str(path) for path in paths]])
    con.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))
    return con
