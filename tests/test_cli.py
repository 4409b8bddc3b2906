"""The command as it is typed: usage, exit codes, and that --json prints one document and nothing else."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from lakehouse_assets.cli import app
from lakehouse_assets.commands.lake import overview
from lakehouse_assets.domains.pgr import sample as pgr_sample
from lakehouse_assets.domains.sales import sample as sales_sample
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import NEEDED_BY_CLUSTER, Settings
from lakehouse_assets.settings.misspelt import misspelt
from nlq.storage.queue import QuestionQueue
from tests.lakehouse.readings import publish, rows

READ_ONLY = ["delete from silver.readings", "select 1; select 2", "select * from read_csv('/etc/passwd')",
             "copy silver.readings to '/tmp/x'", "attach '/tmp/x.db'"]  # fmt: skip
PARQUET = """
name: mine
format: parquet
target: bronze.service_events_raw
tenant: pb.patiala
dedup_key: [a]
columns: {entity_id: a, event_time: b}
constants: {service: PGR, entity_type: complaint, event_type: CREATED, status: OPEN, channel: WEB}
"""
SAMPLES: dict[str, Any] = {"pgr": pgr_sample, "sales": sales_sample}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, seen by the command through the environment."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ASKLAKE_HOME", str(folder))
    monkeypatch.delenv("ASKLAKE_LANDING", raising=False)
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def document(result: Result) -> Any:
    """The JSON of stdout, which must be all there is."""
    assert result.stdout.count("\n") == 1, result.stdout
    return json.loads(result.stdout)


def test_help_is_there_at_once() -> None:
    command = [sys.executable, "-c", "from lakehouse_assets.cli import app; app(['--help'])"]
    best = min(_cpu_seconds(command) for _ in range(2))
    assert best < 1.0, f"asklake --help took {best:.2f} s"


def _cpu_seconds(command: list[str]) -> float:
    """CPU time, which other work on the machine does not stretch."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "Exit codes: 0 done, 1 failed" in done.stdout
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_command_imports_nothing_heavy() -> None:
    heavy = ("dagster", "duckdb", "pandera", "polars", "pydantic")
    code = f"import sys, lakehouse_assets.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["query"],
        ["sql", "select 1", "--limit", "0"],
        ["serve", "--port", "70000"],
        ["materialize", "--from", "2026-01-01"],
        ["materialize", "--from", "2026-02-01", "--to", "2026-01-01"],
        ["materialize", "--from", "yesterday", "--to", "tomorrow"],
        ["history", "gold.nothing"],
        ["sql", "select nothing from (select 1 as a)"],
        ["docs", "--html", "/nowhere/page.html"],
    ],
)
def test_wrong_usage_is_2_and_one_sentence(home: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("asklake: ") and len(result.stderr.splitlines()) == 1
    if arguments[0] not in ("serve", "docs"):  # without --json, or without a file
        told = document(run(*arguments, "--json"))["error"]
        assert told.keys() == {"code", "message", "hint", "exit_code"}
        assert told["message"] in result.stderr


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["statis"], "Did you mean 'status'"),
        (["quarantine", "lst"], "Did you mean 'list'"),
        (["sql", "select 1", "--limt", "3"], "Did you mean --limit?"),
        (["materialize", "--form", "today"], "Did you mean --from?"),
        (["history", "silver.reading"], "Did you mean 'silver.readings'?"),
        (["history", "reading"], "Did you mean 'silver.readings'?"),
        (["profile", "reading"], "Did you mean 'silver.readings'?"),
        (["profile", "readings", "--column", "pric"], "Did you mean 'price'?"),
        (["profile", "readings", "--load", "moon"], "there is no load 'moon'"),
        (["profile", "README.md", "--tenant", "t"], "are for tables"),
        (["materialize", "--domain", "sale"], "Did you mean 'sales'?"),
        (["materialize", "--select", "gold.gold_sales_monthl"], "Did you mean 'gold.gold_sales_monthly'?"),
        (["ingest", "README.md"], "give --source NAME or --mapping FILE"),
        (["sql", "select pric from silver.readings"], '"price"'),
        (["sql", "select * from silver.reading"], "silver.readings"),
        (["quarantine", "list", "--source", "sales_cvs"], "Did you mean 'sales_csv'?"),
        (["quarantine", "show", "--source", "moon"], "sources: "),
        (["quarantine", "replay", "--source", "sales_cvs"], "Did you mean 'sales_csv'?"),
        (["quarantine", "replay", "--load", "moon"], "there is no load 'moon'"),
        (["materialize", "--select", "gold_sales_monthl"], "name tables as layer.table"),
    ],
)
def test_the_nearest_that_exists_is_told(readings: Lake, arguments: list[str], nearest: str) -> None:
    result = run(*arguments)
    assert nearest.lower() in result.stderr.lower()
    assert result.exit_code in (2, 3)


def test_a_folder_of_which_no_part_is_called_like_a_source_is_told(home: Path, tmp_path: Path) -> None:
    (tmp_path / "in/sales_cvs").mkdir(parents=True)
    (tmp_path / "in/sales_cvs/a.csv").write_text("a\n1\n")
    result = run("ingest", str(tmp_path / "in"))
    assert result.exit_code == 2 and "'sales_cvs' Did you mean 'sales_csv'?" in result.stderr


def test_a_source_without_tenant_is_wrong_usage(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text(PARQUET.replace("tenant: pb.patiala\n", ""))
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    result = run("ingest", str(tmp_path / "a.parquet"), "--mapping", str(tmp_path / "mine.yml"))
    assert result.exit_code == 2 and "name one (--tenant)" in result.stderr


def test_a_variable_that_is_almost_a_setting_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ASKLAKE_MEMORY_LIMT", "ASKLAKE_PORT_8000_TCP", "ASKLAKE_SERVICE_HOST", "ASKLAKE_JAVA_HOME"):
        monkeypatch.setenv(name, "x")
    assert misspelt(os.environ, Settings.model_fields) == {"ASKLAKE_MEMORY_LIMT": "ASKLAKE_MEMORY_LIMIT"}
    command = [sys.executable, "-m", "lakehouse_assets.cli", "settings", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.count("ASKLAKE_MEMORY_LIMT is no setting") == 1 and json.loads(done.stdout)


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"asklake {version('asklake')}\n"


def test_a_port_that_is_taken_is_told_before_anything_starts(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for arguments in (["serve", "--port", port], ["dev", "--port", port], ["dev", "--api-port", port]):
            result = run(*arguments)
            assert result.exit_code == 1
            assert f"127.0.0.1, port {port}: address already in use" in result.stderr
            assert f"{arguments[1]} or --host" in result.stderr


def test_a_question_needs_no_quotes(home: Path) -> None:
    asked = ("how", "many", "complaints", "were", "there", "--queue", "--json")
    entry = document(run("ask", *asked))["question_id"]
    queue = QuestionQueue(Settings(profile="local", home=home).queue_url)
    assert queue.get(entry).question == "how many complaints were there"
    queue.close()


def test_a_run_that_fails_says_why_and_where(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "half.parquet"
    file.write_bytes(b"PAR1 half of a file PAR1")
    mapping = tmp_path / "mine.yml"
    mapping.write_text(PARQUET)
    result = run("ingest", str(file), "--mapping", str(mapping), "--json")
    assert result.exit_code == 1
    (told,) = set(document(result)["run"]["errors"])
    assert str(file) in told and "not a sound Parquet file" in told
    assert "max_retries" not in result.output


@pytest.mark.parametrize(
    ("name", "value"), [("THREADS", "many"), ("MEMORY_LIMIT", "lots"), ("SNAPSHOT_RETENTION", "week")]
)
def test_a_setting_that_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"ASKLAKE_{name}", value)
    result = run("status")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"asklake: ASKLAKE_{name}: ") and "docs/settings.md" in result.stderr


def test_a_defect_is_one_sentence_too(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(overview, "open_lake", lambda: 1 // 0)
    result = run("status", "--json")
    assert result.exit_code == 1
    assert document(result)["error"]["code"] == "internal"
    assert "ZeroDivisionError" in document(result)["error"]["message"]


def test_status_tells_of_a_home_that_others_can_read(readings: Lake) -> None:
    home = readings.settings.home
    assert document(run("status", "--json"))["open_to_others"] == []
    home.chmod(0o755)
    found = document(run("status", "--json"))
    assert found["open_to_others"] == [str(home)] and f"chmod go= {home}" in found["next"][0]


def test_status_shows_what_waits(readings: Lake) -> None:
    folder = readings.settings.home / "landing" / "sales_csv"
    folder.mkdir(parents=True)
    (folder / "new.csv").write_text("order_id\n1\n")
    found = document(run("status", "--json"))
    assert found["files_in_landing"] == [str(folder / "new.csv")]
    assert found["next"][0] == "`asklake dev`: files wait in the landing folder for its daemon"
    assert found["days_not_built"] == {}


@pytest.mark.parametrize("statement", READ_ONLY)
def test_sql_reads_the_lake_only(home: Path, statement: str) -> None:
    result = run("sql", statement, "--json")
    assert result.exit_code == 3
    assert document(result)["error"]["exit_code"] == 3


def test_an_unwritable_home_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("ASKLAKE_HOME", str(blocked / "home"))
    result = run("sql", "select 1")
    assert result.exit_code == 1
    assert "Traceback" not in result.output and len(result.stderr.splitlines()) == 1


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKLAKE_PROFILE", "moon")
    result = run("sql", "select 1")
    assert result.exit_code == 2
    assert "ASKLAKE_PROFILE" in result.stderr


def test_debug_shows_the_traceback(home: Path) -> None:
    result = run("--debug", "sql", "delete from x")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback") and "QueryRefusedError" in result.stderr


@pytest.mark.parametrize("form", [(), ("--json",), ("--debug",)])
def test_no_error_tells_a_secret(monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]) -> None:
    monkeypatch.setenv("ASKLAKE_LLM_API_KEY", "llm-hunter2")
    monkeypatch.setenv("ASKLAKE_REDIS_URL", "redis://user:redis%2Fhunter2@host:6379/0")

    def broken(*_: object) -> None:
        raise RuntimeError("llm-hunter2, redis/hunter2, redis%2Fhunter2, trino://me:hunter2@host")

    monkeypatch.setattr("lakehouse_assets.commands.lake.overview.status", broken)
    result = run(*(word for word in form if word == "--debug"), "status", *(w for w in form if w == "--json"))
    assert result.exit_code == 1 and "RuntimeError" in result.output
    assert "hunter2" not in result.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_URL", "postgresql://me:hunter2"),
        ("POSTGRES_URL", "hunter2"),
        ("REDIS_URL", "redis://:hun/ter2@host:hunter2"),
        ("ENGINE_URL", "http://me:hunter2@host:8080"),
        ("NESSIE_URL", "http://me:hunter2@host:8080"),
        ("LLM_BASE_URL", "https://me:hunter2@host/v1"),
    ],
)
def test_a_password_in_a_wrong_address_is_not_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"ASKLAKE_{name}", value)
    for words in (("settings",), ("--debug", "settings")):
        result = run(*words)
        assert result.exit_code in (1, 2) and name in result.stderr.upper()
        assert "hunter2" not in result.output


@pytest.fixture
def readings(home: Path) -> Lake:
    """A lake with one published table of 6 rows, replaced once."""
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    publish(lake, rows("2026-01-01", 1), ReplaceTable())
    publish(lake, rows("2026-01-01", 2), ReplaceTable())
    return lake


def test_sql_gives_rows_and_the_snapshot_they_are_from(readings: Lake) -> None:
    found = document(run("sql", "select meter, price from silver.readings order by all", "--limit", "4", "--json"))
    assert found["columns"] == ["meter", "price"]
    assert found["rows"][0] == {"meter": "M0", "price": 0.25}
    assert (len(found["rows"]), found["truncated"]) == (4, True)
    current = readings.catalog.load_table("silver.readings").metadata.current_snapshot_id
    assert found["snapshots"] == {"silver.readings": current}
    assert "the first 4 rows" in run("sql", "select * from silver.readings", "--limit", "4").stdout


def test_a_profile_is_printed_for_people_and_for_programs(readings: Lake, tmp_path: Path) -> None:
    found = document(run("profile", "readings", "--json"))
    assert (found["table"], found["rows"], found["sampled"]) == ("silver.readings", 6, False)
    assert {c["name"] for c in found["columns"]} >= {"meter", "price"}
    shown = run("profile", "silver.readings").stdout
    assert "6 rows" in shown and "price" in shown
    assert "standard deviation" in run("profile", "readings", "--column", "price").stdout
    file = tmp_path / "a.csv"
    file.write_text("city,n\nOslo,1\nOslo,2\nRome,2\n")
    assert document(run("profile", str(file), "--column", "city", "--json"))["columns"][0]["distinct"] == 2


def test_the_past_is_read_by_publication_and_time(readings: Lake) -> None:
    count = "select count(*) as n from silver.readings"
    newest, first = document(run("history", "readings", "--json"))["snapshots"]
    for moment, rows_then in ((first["publication"], 3), (newest["publication"], 6), (first["time"], 3)):
        assert document(run("sql", count, "--at", moment, "--json"))["rows"] == [{"n": rows_then}], moment
    assert document(run("sql", count, "--at", "2999-01-01", "--json"))["rows"] == [{"n": 6}]
    for wrong in ("2001-01-01", "0123abcd"):
        refused = run("sql", count, "--at", wrong)
        assert refused.exit_code == 2
        assert "is kept" in refused.stderr and "asklake history TABLE" in refused.stderr
    assert run("ask", "anything", "--queue", "--at", "2999-01-01").exit_code == 2


@pytest.mark.parametrize(
    "arguments", [["branch"], ["branch", "create", "x"], ["branch", "merge", "x"], ["log"], ["rollback", "2026-01-01"]]
)
def test_branches_need_the_cluster_profile(home: Path, arguments: list[str]) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert "the local profile has no branches or commits" in refused.stderr


def test_a_branch_needs_the_cluster_profile(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASKLAKE_BRANCH", "feature-x")
    refused = run("sql", "select 1")
    assert refused.exit_code == 2
    assert "ASKLAKE_BRANCH is 'feature-x', but branches need the cluster profile" in refused.stderr


def test_the_queue_is_of_main_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED_BY_CLUSTER:
        monkeypatch.setenv(f"ASKLAKE_{name.upper()}", "s3://given" if name == "warehouse_url" else "http://127.0.0.1:1")
    monkeypatch.setenv("ASKLAKE_PROFILE", "cluster")
    monkeypatch.setenv("ASKLAKE_BRANCH", "feature-x")
    refused = run("ask", "anything", "--queue")
    assert refused.exit_code == 2
    assert "the queue answers from main, not from branch feature-x" in refused.stderr


def test_history_is_newest_first(readings: Lake) -> None:
    found = document(run("history", "readings", "--json"))
    assert found["table"] == "silver.readings"
    assert [s["rows"] for s in found["snapshots"]] == [6, 3]
    assert {s["run"] for s in found["snapshots"]} == {"test"}
    assert all(s["publication"] for s in found["snapshots"])
    assert "overwrite" in run("history", "silver.readings").stdout


def test_a_folder_laid_out_like_the_landing_folder_is_one_run(home: Path, tmp_path: Path) -> None:
    made = {s: sample.write_sample(tmp_path / "in", size=100, files=1) for s, sample in SAMPLES.items()}
    files = [path for summary in made.values() for paths in summary.files.values() for path in paths]
    loaded = document(run("ingest", str(tmp_path / "in"), "--json"))
    assert {f["file"]: f["outcome"] for f in loaded["files"]} == {str(path): "loaded" for path in files}
    assert sum(f["rows_read"] for f in loaded["files"]) == sum(summary.rows for summary in made.values())
    assert {t["table"] for t in loaded["run"]["tables"]} >= {"bronze.service_events_raw", "bronze.sample_sales"}
    again = document(run("ingest", str(tmp_path / "in"), "--json"))
    assert {f["outcome"] for f in again["files"]} == {"already loaded"}


def test_a_folder_that_is_no_source_is_told_of_and_holds_up_no_other(home: Path, tmp_path: Path) -> None:
    SAMPLES["sales"].write_sample(tmp_path / "in", size=100, files=1)
    (tmp_path / "in" / "moon").mkdir()
    (tmp_path / "in" / "moon" / "a.csv").write_text("a\n1\n")
    result = run("ingest", str(tmp_path / "in"))
    assert result.exit_code == 1 and "Passed over: " in result.stdout and "moon" in result.stdout
    assert " loaded " in result.stdout
