"""The pieces of work that are timed; each runs in a process of its own and returns its seconds.

Imports are inside the functions and outside the clock where a running service would have paid them already.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import Clock
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from lakehouse_assets.settings.lake import PROJECT_ROOT

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult


def settings_of(home: Path) -> Settings:
    """Settings of a lakehouse in this folder."""
    return Settings(profile="local", home=home, landing="", dagster_home=None)


def make_history(home: str, days: int, events_a_day: int) -> float:
    """A lakehouse with a history; not timed."""
    from bench.data import history

    history(Path(home), days=days, events_a_day=events_a_day)
    return 0.0


def ingest_ours(file: str, source: str, home: str) -> tuple[float, dict[str, Any]]:
    """`asklake ingest`, without starting the process."""
    from bench.data import fresh_lake
    from lakehouse_assets.ingest.loads.loader import load

    lake = fresh_lake(Path(home))
    lake.catalog.heads()
    with Clock() as clock:
        (result,) = load(lake, [file], source)
    shutil.rmtree(home, ignore_errors=True)
    return clock.seconds, {"rows_loaded": result.rows_loaded, "rows_quarantined": result.rows_quarantined}


def ingest_duckdb(file: str, kind: str, folder: str) -> float:
    """The limit: DuckDB reads the same file and writes Parquet, nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    reader = "read_json" if kind == "ndjson" else "read_csv"
    con = open_instance()
    con.execute("set preserve_insertion_order = false")
    con.execute("set memory_limit = '4GB'")
    with Clock() as clock:
        con.execute(
            f"copy (select * from {reader}('{file}')) to '{folder}/x.parquet' (format parquet, compression zstd)"
        )
    shutil.rmtree(folder, ignore_errors=True)
    return clock.seconds


def ingest_dlt(file: str, kind: str, folder: str) -> float:
    """The peer: dlt loads the same kind of file to Parquet files."""
    import dlt
    from dlt.sources.filesystem import filesystem, read_csv_duckdb, read_jsonl

    shutil.rmtree(folder, ignore_errors=True)
    path = Path(file)
    pipeline = dlt.pipeline(
        pipeline_name="bench", pipelines_dir=f"{folder}/state", dataset_name="bronze",
        destination=dlt.destinations.filesystem(bucket_url=f"file://{folder}/out"),
    )  # fmt: skip
    files = filesystem(bucket_url=f"file://{path.parent}", file_glob=path.name)
    reader = read_jsonl() if kind == "ndjson" else read_csv_duckdb(header=True)
    with Clock() as clock:
        pipeline.run((files | reader).with_name("events"), loader_file_format="parquet")
    shutil.rmtree(folder, ignore_errors=True)
    return clock.seconds


def build_all(lake: Lake, domain: str, days: tuple[date, ...] = ()) -> Any:
    """Silver and gold of a domain, staged, audited and published; no days means all of them."""
    from lakehouse_assets.assets.transform import rebuild
    from lakehouse_assets.builds.dbt_graph import load
    from lakehouse_assets.contracts import platform_contracts
    from lakehouse_assets.lakehouse.dbt import manifest as dbt_manifest

    dbt_manifest.load(lake.settings)
    contracts = platform_contracts()
    graph = load(lake.settings)
    tables = graph.in_order(i for i, c in contracts.items() if c.domain == domain and c.made_by == "dbt")
    result = rebuild(lake, graph, contracts, tables, days, run_id="bench")
    if result.failures:
        raise RuntimeError("; ".join(result.failures))
    return result


def build_ours(home: str, domain: str, warm: bool = True) -> float:
    """A domain built whole; warm: the process has parsed the project and built once before."""
    lake = Lake(settings_of(Path(home)))
    if warm:
        build_all(lake, domain)
    with Clock() as clock:
        build_all(lake, domain)
    return clock.seconds


def build_plain_dbt(home: str, domain: str, warm: bool = True) -> float:
    """The peer: dbt-duckdb builds the same SQL and tests into a DuckDB file; no Iceberg, no contracts, no Dagster."""
    lake = Lake(settings_of(Path(home)))
    build = plain_build(plain_project(lake, Path(home) / "plain"), domain, reads_little=_has_little(lake))
    if warm:
        build()
    return build()


def _has_little(lake: Lake) -> bool:
    """Whether what was loaded counts as little, as the platform tells its models."""
    from lakehouse_assets.lakehouse.engines.duckdb import is_little
    from lakehouse_assets.lakehouse.iceberg.metadata_cache import stored_bytes

    return is_little(
        sum(stored_bytes(head) for table, head in lake.catalog.heads().items() if table.startswith("bronze."))
    )


def plain_build(project: Path, domain: str, *, reads_little: bool = False) -> Callable[[], float]:
    """A call that builds and tests the models of a domain by dbt alone, in a project parsed now; its seconds.

    Raises:
        RuntimeError: dbt failed; from the call.
    """
    from dbt.cli.main import dbtRunner

    place = ["--project-dir", str(project), "--profiles-dir", str(project)]
    folders = [f"path:{folder.relative_to(project)}" for folder in sorted(project.glob(f"models/*/{domain}"))]
    arguments = [
        "build", "--no-write-json", *place, "--select", *folders, "--exclude", "resource_type:unit_test",
        "--quiet", "--log-level", "none", "--threads", "1", "--vars", json.dumps({"reads_little": reads_little}),
    ]  # fmt: skip
    manifest = dbtRunner().invoke(["parse", *place, "--quiet"]).result
    runner = dbtRunner(manifest=manifest)  # pyright: ignore[reportArgumentType]

    def build() -> float:
        with Clock() as clock:
            outcome = runner.invoke(arguments)
        stop_if_failed(outcome)
        return clock.seconds

    return build


def stop_if_failed(outcome: dbtRunnerResult) -> None:
    """Raise RuntimeError with what dbt said, if it failed."""
    if not outcome.success:
        raise RuntimeError(str(outcome.exception or [r.message for r in outcome.result if r.message]))  # pyright: ignore


def plain_project(lake: Lake, folder: Path) -> Path:
    """A copy of the dbt project that makes ordinary tables of a DuckDB file which already holds bronze."""
    from lakehouse_assets.contracts import platform_contracts
    from lakehouse_assets.lakehouse.sql import literal, quoted

    plain_models(folder)
    database = folder / "plain.duckdb"
    (folder / "profiles.yml").write_text(
        f"asklake: {{target: local, outputs: {{local: {{type: duckdb, path: '{database}', threads: 1}}}}}}\n"
    )
    with lake.session(writer=True) as session:
        session.con.execute(f"attach {literal(str(database))} as plain")
        session.con.execute("create schema plain.bronze")
        for table, contract in platform_contracts().items():
            if table in lake.catalog.heads() and contract.layer == "bronze":
                session.con.execute(f"create table plain.{table} as select * from {session.relation(table)}")
            elif contract.layer == "bronze":
                columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in contract.types.items())
                session.con.execute(f"create table plain.{table} ({columns})")
    return folder


def plain_models(folder: Path) -> None:
    """A copy of the dbt project whose models are ordinary tables: without a publication, its branch or staging."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECT_ROOT / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
    (folder / "macros" / "iceberg.sql").unlink()
    (folder / "macros" / "staging.sql").write_text(
        "{% macro staged(relation) %}{{ return(relation) }}{% endmacro %}"
        "{% macro published(name) %}"
        "{{ return(api.Relation.create(schema=name.split('_')[0], identifier=name)) }}{% endmacro %}"
    )
    project = (folder / "dbt_project.yml").read_text()
    project = project.replace("+materialized: iceberg", "+materialized: table").replace(', "../semantic/models"', "")
    (folder / "dbt_project.yml").write_text(project)


def incremental_ours(home: str, day: str) -> float:
    """The newest day built again, warm."""
    lake = Lake(settings_of(Path(home)))
    build_all(lake, "pgr", (date.fromisoformat(day),))
    with Clock() as clock:
        build_all(lake, "pgr", (date.fromisoformat(day),))
    return clock.seconds


def query_ours(home: str, request: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """A semantic query in a warm process: compiled, run on Iceberg, fetched."""
    from semantic.layer import SemanticLayer

    settings = settings_of(Path(home))
    lake, layer = Lake(settings), SemanticLayer(settings)

    def once() -> tuple[float, Any]:
        with Clock() as clock, lake.session() as session:
            result = layer.query(session, **request)
        return clock.seconds, result

    first, _ = once()
    times = sorted(once()[0] for _ in range(15))
    _, result = once()
    return times[len(times) // 2], {"first_s": round(first, 3), "rows": result.rows.num_rows, "sql": result.sql}


def query_bare(home: str, sql: str, tables: list[str]) -> float:
    """The limit: the same SQL in DuckDB on its own tables, in memory."""
    lake = Lake(settings_of(Path(home)))
    con = open_instance()
    with lake.session() as session:
        for table in tables:
            schema, name = table.split(".")
            rows = session.query(f"select * from {table}")
            con.register("rows", rows)
            con.execute(f"create schema if not exists {schema}")
            con.execute(f"create table {schema}.{name} as select * from rows")
            con.unregister("rows")
    times = []
    for _ in range(16):
        with Clock() as clock:
            con.execute(sql).to_arrow_table()
        times.append(clock.seconds)
    return sorted(times)[len(times) // 2]


def mf_project(home: str) -> float:
    """A dbt project over plain DuckDB tables on which the `mf` command can run: semantic models, built once."""
    from dbt.cli.main import dbtRunner

    lake = Lake(settings_of(Path(home)))
    project = plain_project(lake, Path(home) / "mf")
    shutil.copytree(PROJECT_ROOT / "semantic" / "models", project / "models" / "semantic")
    place = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet", "--log-level", "none"]
    outcome = dbtRunner().invoke(
        ["run", *place, "--select", "path:models/silver/pgr", "path:models/gold/pgr", "platform"]
    )
    stop_if_failed(outcome)
    return 0.0


def query_mf(home: str, arguments: list[str]) -> float:
    """The peer: the `mf` command on the same project, over plain DuckDB tables."""
    project = Path(home) / "mf"
    environment = {**os.environ, "DBT_PROFILES_DIR": str(project), "DBT_PROJECT_DIR": str(project)}
    command = [str(Path(sys.executable).parent / "mf"), "query", *arguments, "--quiet"]
    with Clock() as clock:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return clock.seconds


def questions_alone(home: str, questions: list[str]) -> tuple[float, dict[str, Any]]:
    """Median time from a question put into the queue to its answer stored, one at a time, in a warm process."""
    from lakehouse_assets.assets.questions.batch import answer_batch

    queue, answerer, lake = _asking(home)
    times = []
    for question in questions:
        with Clock() as clock:
            queue.enqueue(question, tenant=None, role="analyst")
            answer_batch(queue, answerer, lake, limit=1)
        times.append(clock.seconds)
    times.sort()
    return times[len(times) // 2], {"slowest_s": round(times[-1], 3)}


def questions_in_a_batch(home: str, questions: list[str], count: int) -> tuple[float, dict[str, Any]]:
    """Seconds for `count` queued questions to be answered and stored."""
    from lakehouse_assets.assets.questions.batch import answer_batch

    queue, answerer, lake = _asking(home)
    queue.enqueue(questions[0], tenant=None, role="analyst")
    answer_batch(queue, answerer, lake, limit=1)
    for n in range(count):
        queue.enqueue(questions[n % len(questions)], tenant=None, role="analyst")
    with Clock() as clock:
        answer_batch(queue, answerer, lake, limit=count)
    return clock.seconds, {"questions_per_s": round(count / clock.seconds, 1), "left": json.dumps(queue.counts())}


def _asking(home: str) -> Any:
    from nlq.factory import open_answerer
    from nlq.storage.queue import QuestionQueue

    settings = settings_of(Path(home))
    lake = Lake(settings)
    return QuestionQueue(settings.queue_url), open_answerer(lake), lake


def plan_questions(metrics: int) -> tuple[float, dict[str, Any]]:
    """Planning alone, over a layer of so many metrics: seconds of the 95th of a hundred questions."""
    import statistics
    from datetime import date

    from bench.manifests import manifest, questions, values_of
    from nlq.answering.compiling.layer import vocabulary_of
    from nlq.planning.planner import Planner
    from semantic.manifest.reading import build_catalog

    with Clock() as opening:
        raw, dimensions = manifest(metrics)
        planner = Planner(vocabulary_of(build_catalog(raw, dimensions), values_of))
    asked = questions(metrics)
    planner.plan(asked[0], date(2026, 6, 30))
    times, outcomes = [], []
    for question in asked:
        with Clock() as clock:
            outcome = planner.plan(question, date(2026, 6, 30))
        times.append(clock.seconds)
        outcomes.append(type(outcome).__name__)
    p95 = statistics.quantiles(times, n=20)[-1]
    facts = {name: outcomes.count(name) for name in sorted(set(outcomes))}
    facts |= {"p50_ms": round(statistics.median(times) * 1000, 2), "p95_ms": round(p95 * 1000, 2)}
    return p95, facts | {"build_lexicon_s": round(opening.seconds, 3), "questions": len(asked)}
