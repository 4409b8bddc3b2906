"""Dagit as people see it: a question launched by GraphQL, the graph, the checks, the partitions and a backfill."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import CHROMIUM, FLAGS
from tests.e2e.conftest import Dagit, Sample, call, healthy, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

LAUNCH = """
mutation($config: RunConfigData, $job: String!) {
  launchRun(executionParams: {
    selector: {repositoryLocationName: "asklake", repositoryName: "__repository__", jobName: $job}
    runConfigData: $config
  }) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
ANSWER = """query($id: ID!) { runOrError(runId: $id) { ... on Run { assetMaterializations {
  metadataEntries { label ... on JsonMetadataEntry { jsonString } } } } } }"""
RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
EVENTS = """query($id: ID!) { logsForRun(runId: $id, limit: 1000) { ... on EventConnection { events {
  ... on MessageEvent { message } ... on ExecutionStepFailureEvent { error { message stack causes { message } }
  failureMetadata { description } } } } } }"""
BACKFILLS = """{ partitionBackfillsOrError(limit: 1) { ... on PartitionBackfills { results {
  id status numPartitions runs { id } } } } }"""
LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename } } } } }"""
MUTATION = 'mutation { setConcurrencyLimit(concurrencyKey: "of_another_page", limit: 7) }'
LIMITS = "{ instance { concurrencyLimits { concurrencyKey } } }"
ATTACK = """async ([url, query]) => {
  const body = JSON.stringify({query}), address = `${url}?query=${encodeURIComponent(query)}`;
  const json = {"content-type": "application/json"}, text = {"content-type": "text/plain; application/json"};
  const silent = mode => [[address], [address, {method: "POST", body: new FormData()}], [url, {method: "POST", body}],
    [url, {method: "POST", body, headers: text}], [url, {method: "POST", body, headers: json}],
  ].map(([to, options]) => fetch(to, {mode, ...options}).catch(() => null));
  await Promise.all([...silent("no-cors"), ...silent("cors")]);
  const picture = new Image();
  await new Promise(done => { picture.onload = picture.onerror = done; picture.src = address; });
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-ws");
  return new Promise(done => { socket.onopen = () => done("open"); socket.onclose = () => done("closed"); });
}"""
"""What the script of a page tries: every way that needs nobody's leave, those that do, a picture, a subscription."""
GATHER_S = 60_000


@pytest.fixture(scope="module")
def browser_page(dagit: Dagit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A page of a headless browser on Dagit."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("browser")), executable_path=CHROMIUM, headless=True, args=FLAGS,
            viewport={"width": 1600, "height": 1000}, base_url=dagit.url,
        )  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(GATHER_S)
        yield page
        context.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a folder of the tests, or ASKLAKE_SCREENSHOTS for someone who wants to look at them."""
    folder = Path(os.environ.get("ASKLAKE_SCREENSHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def backfill(browser_page: Page, shots: Path) -> None:
    """A backfill of three days, launched in Dagit; the daemon looks for such every half minute."""
    browser_page.goto("/assets/gold/gold_pgr_funnel_daily")
    browser_page.get_by_text("Materialize…").first.click()
    dialog = browser_page.get_by_role("dialog")
    dialog.get_by_text("Show all partitions").click()
    dialog.get_by_text("Custom", exact=True).click()
    box = dialog.get_by_placeholder(re.compile("^ex: "))
    first, last = (date.today() - timedelta(days=n) for n in (30, 28))
    box.fill(f"[{first}...{last}]")
    box.press("Enter")
    dialog.get_by_text("3 partitions").first.wait_for()
    browser_page.screenshot(path=shots / "backfill_dialog.png")
    dialog.get_by_role("button", name="Launch backfill").click()
    dialog.wait_for(state="hidden")


def test_a_backfill_is_launched(backfill: None, dagit: Dagit) -> None:
    (launched,) = dagit.graphql(BACKFILLS)["partitionBackfillsOrError"]["results"]
    assert launched["numPartitions"] == 3


def launch(dagit: Dagit, job: str, config: dict[str, Any]) -> tuple[str, str]:
    """The id of a run that was launched, and how it ended; why there is none in place of the latter."""
    launched = dagit.graphql(LAUNCH, {"config": config, "job": job})["launchRun"]
    if launched["__typename"] != "LaunchRunSuccess":
        return "", launched["__typename"]
    run_id = launched["run"]["runId"]

    def status() -> str | None:
        found = dagit.graphql(RUN, {"id": run_id})["runOrError"]["status"]
        return found if found in ("SUCCESS", "FAILURE", "CANCELED") else None

    return run_id, wait_for(status, 120)


def test_a_question_launched_by_graphql_is_answered(sample: Sample, dagit: Dagit) -> None:
    question = {"ops": {"answer": {"config": {"question": "How many complaints are there in total?"}}}}
    run_id, status = launch(dagit, "answer_questions", question)
    assert status == "SUCCESS"
    stored = sample.rows(f"select outcome, rows_json from semantic.nlq_answers where answer_id = '{run_id}'")
    cases = sample.rows("select count(*) as n from gold.gold_pgr_case_lifecycle")[0]["n"]
    assert stored == [{"outcome": "answered", "rows_json": f"[[{cases}]]"}]
    told = dagit.graphql(ANSWER, {"id": run_id})["runOrError"]["assetMaterializations"]
    (answer,) = [json.loads(e["jsonString"]) for m in told for e in m["metadataEntries"] if e.get("label") == "answer"]
    assert (answer["answer_id"], answer["rows"]) == (run_id, [[cases]])


def test_a_run_reads_no_file_of_the_machine_and_calls_no_server(sample: Sample, dagit: Dagit) -> None:
    secret = sample.home / "secret.csv"
    secret.write_text("root:x:0:0:s3cr3t\n")
    named = [str(secret), "/etc/passwd", f"{dagit.api}/health", f"{sample.home}/landing/../secret.csv"]
    run_id, status = launch(
        dagit, "ingest", {"ops": {"load_files": {"config": {"files": named, "source": "pgr_events"}}}}
    )
    assert status == "FAILURE"
    told = json.dumps(dagit.graphql(EVENTS, {"id": run_id}))
    assert told.count("a run loads what lies below") >= len(named) and "ASKLAKE_INGEST_FROM" in told
    assert "root:" not in told and "s3cr3t" not in told


@pytest.mark.parametrize(
    ("job", "config"),
    [
        ("answer_questions", {"ops": {"answer": {"config": {"question": "q", "tenant": "pb.amritsar"}}}}),
        ("answer_questions", {"ops": {"answer": {"config": {"question": "q", "role": "admin"}}}}),
        ("ingest", {"resources": {"lakehouse": {"config": {"home": "/tmp"}}}}),
    ],
)
def test_a_run_config_chooses_no_tenant_and_no_lake(dagit: Dagit, job: str, config: dict[str, Any]) -> None:
    assert launch(dagit, job, config) == ("", "RunConfigValidationInvalid")


def test_a_page_in_another_tab_gives_no_orders(browser_page: Page, dagit: Dagit, tmp_path: Path) -> None:
    """The page is on another port of this machine, the nearest that a page elsewhere can come."""
    (tmp_path / "index.html").write_text("<!doctype html><title>Another page</title>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as another:
        Thread(target=another.serve_forever, daemon=True).start()
        browser_page.goto(f"http://127.0.0.1:{another.server_port}/")
        assert browser_page.evaluate(ATTACK, [f"{dagit.url}/graphql", MUTATION]) == "closed"
        browser_page.goto("about:blank")
        another.shutdown()
    assert dagit.log.read_text().count("refused forbidden") >= 7, "the browser did send what it may"
    assert limits(dagit) == set()
    assert dagit.graphql(MUTATION) == {"setConcurrencyLimit": True}
    assert limits(dagit) == {"of_another_page"}, "the same is run for who may"


def limits(dagit: Dagit) -> set[str]:
    """The limits that the tests set."""
    found = dagit.graphql(LIMITS)["instance"]["concurrencyLimits"]
    return {limit["concurrencyKey"] for limit in found} & {"of_another_page"}


def test_a_queued_question_is_answered_by_the_daemon(sample: Sample, dagit: Dagit) -> None:
    done = sample.asklake("ask", "Complaints by channel", "--queue", "--wait", "120", "--json")
    assert '"outcome": "answered"' in done.stdout


def test_the_code_location_loads_without_complaint(dagit: Dagit) -> None:
    entries = dagit.graphql(LOCATIONS)["workspaceOrError"]["locationEntries"]
    assert [(e["name"], e["loadStatus"], e["locationOrLoadError"]["__typename"]) for e in entries] == [
        ("asklake", "LOADED", "RepositoryLocation")
    ]


def test_the_api_runs_beside_it(dagit: Dagit) -> None:
    wait_for(lambda: healthy(dagit.api), 120)
    assert call(f"{dagit.api}/health")[1]["status"] == "ok"


def test_the_asset_graph_shows_every_layer(browser_page: Page, shots: Path) -> None:
    browser_page.goto("/locations/__repository__@asklake/asset-groups/pgr/lineage")
    for name in ("service_events_raw", "silver_pgr_events", "gold_pgr_case_lifecycle", "mv_pgr_ward_summary"):
        browser_page.get_by_text(name, exact=True).first.wait_for()
    browser_page.get_by_text("Materialized", exact=True).first.wait_for()
    browser_page.screenshot(path=shots / "graph.png")


def test_an_asset_shows_its_checks(browser_page: Page, shots: Path) -> None:
    browser_page.goto("/assets/gold/gold_pgr_case_lifecycle?view=checks")
    browser_page.get_by_text("key__unique", exact=True).first.click()
    browser_page.get_by_text("Passed", exact=True).first.wait_for()
    browser_page.get_by_text("blocking").first.wait_for()
    browser_page.screenshot(path=shots / "checks.png")


def test_an_asset_shows_its_partitions(browser_page: Page, shots: Path) -> None:
    browser_page.goto("/assets/gold/gold_pgr_case_lifecycle?view=partitions")
    browser_page.get_by_text(re.compile(r"^Materialized \([1-9]\d+\)$")).first.wait_for()
    expect(browser_page.get_by_text("Failed (0)").first).to_be_visible()
    browser_page.screenshot(path=shots / "partitions.png")


def test_the_backfill_is_done_in_one_run(backfill: None, browser_page: Page, dagit: Dagit, shots: Path) -> None:
    def finished() -> dict[str, Any] | None:
        results = dagit.graphql(BACKFILLS)["partitionBackfillsOrError"]["results"]
        return results[0] if results and results[0]["status"].startswith("COMPLETED") else None

    done = wait_for(finished, 240)
    assert (done["status"], done["numPartitions"], len(done["runs"])) == ("COMPLETED_SUCCESS", 3, 1)
    browser_page.goto(f"/runs/b/{done['id']}")
    browser_page.get_by_text("100% completed").first.wait_for()
    expect(browser_page.get_by_text("gold_pgr_funnel_daily").first).to_be_visible()
    browser_page.screenshot(path=shots / "backfill.png")
