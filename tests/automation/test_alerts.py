"""The sensors of alerts by real ticks: over a lake that is published to, to a receiver on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest
import yaml

from lakehouse_assets.alerts.model import Draft
from lakehouse_assets.assets.steps.resources import LakeResource
from lakehouse_assets.automation import alerts
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.alerts.parts import AlertParts
from lakehouse_assets.settings import Settings
from nlq.core.guard import Caller
from nlq.core.plan import Comparator, Plan
from nlq.storage.keys import KeyStore
from nlq.watching.conditions import AboveOrBelow, FailedLoad, FailedRun
from nlq.watching.states import State
from tests.alerts.receivers import Received, http_receiver
from tests.semantic.tables import new_lake, publish_all

COMPLAINTS = Plan(metrics=("pgr_complaints",))


@pytest.fixture(scope="module")
def receiver() -> Iterator[Received]:
    with http_receiver() as received:
        yield received


@pytest.fixture
def parts(settings: Settings, receiver: Received, monkeypatch: pytest.MonkeyPatch) -> Iterator[AlertParts]:
    """Alerts over a lake of the test's own, which the environment names, with one target."""
    receiver.bodies.clear()
    for name, value in {
        "HOME": str(settings.home), "PRIVATE_TARGETS": "true", "TARGET_SECRETS": json.dumps({"pager": "secret"}),
        "TARGET_ACCESS": json.dumps({"pager": f"http://127.0.0.1:{receiver.port}/hook"}),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"ASKLAKE_{name}", value)
    settings.home.mkdir(parents=True)
    settings.targets_file.write_text(yaml.safe_dump({"targets": {"pager": {"kind": "webhook", "tenants": ["*"]}}}))
    opened = AlertParts.open(Lake(settings))
    yield opened
    opened.close()


@pytest.fixture
def tick(settings: Settings, instance: dg.DagsterInstance) -> Callable[[dg.SensorDefinition], str]:
    def evaluated(sensor: dg.SensorDefinition) -> str:
        context = dg.build_sensor_context(instance, resources={"lakehouse": LakeResource(settings.home)})
        return sensor.evaluate_tick(context).skip_message or ""

    return evaluated


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def add(parts: AlertParts, condition: AboveOrBelow | FailedRun | FailedLoad, key_id: str = "") -> str:
    plan = COMPLAINTS if isinstance(condition, AboveOrBelow) else None
    draft = Draft(name="an alert", plan=plan, condition=condition, targets=("pager",))
    return parts.store.add(draft, Caller(), key_id=key_id, made_by="me").id


def test_an_alert_is_judged_after_the_publication_that_moves_it_and_told_once(
    settings: Settings, parts: AlertParts, receiver: Received, tick: Callable[[dg.SensorDefinition], str],
) -> None:  # fmt: skip
    lake = new_lake(settings.home)
    judging, sending = alerts.alerts_sensor(), alerts.messages_sensor()
    assert tick(judging) == "no alert is due"
    key, _ = KeyStore(settings.queue_url).create("mine")
    with lake.session() as session:
        (row,) = session.query("select count(*) as cases from gold.gold_pgr_case_lifecycle").to_pylist()
    few = add(parts, AboveOrBelow(comparator=Comparator.LT, value=row["cases"]), key.id)
    never = add(parts, AboveOrBelow(value=10**9))
    gone = parts.store.add(
        Draft(name="gone", plan=Plan(metrics=("no_such_figure",)), condition=AboveOrBelow(value=1), targets=("pager",)),
        Caller(), key_id="", made_by="me",
    ).id  # fmt: skip
    assert tick(judging) == "3 judged, 1 told", "one that cannot be judged says so"
    assert tick(judging) == "no alert is due", "nothing was published since"
    assert parts.store.get(few).state is State.OK
    publish_all(lake, tenant="pb.amritsar")
    assert tick(judging) == "2 judged, 1 told"
    assert tick(judging) == "no alert is due"
    assert [parts.store.get(one).state for one in (few, never, gone)] == [State.FIRING, State.OK, State.UNKNOWN]
    assert tick(sending) == "2 sent"
    assert tick(sending) == "no message is due"
    unknown, firing = (json.loads(body) for body in receiver.bodies)
    assert (unknown["state"], firing["state"]) == ("unknown", "firing")
    assert unknown["lines"] == ["Cannot be judged. gone: There is no metric “no_such_figure” for you."]
    assert firing["lines"][0].startswith("Complaints is ")
    KeyStore(settings.queue_url).revoke(key.id)
    assert tick(judging) == "1 judged, 1 told", "an alert whose key was revoked reads nothing more"
    assert parts.store.get(few).state is State.UNKNOWN
    assert tick(judging) == "no alert is due"


def test_a_run_that_fails_is_told_once_and_so_is_the_one_that_runs_well_again(
    settings: Settings, parts: AlertParts, receiver: Received, instance: dg.DagsterInstance,
    tick: Callable[[dg.SensorDefinition], str],
) -> None:  # fmt: skip
    ill = [True]

    @dg.op
    def might_fail() -> None:
        if ill[0]:
            raise dg.Failure("no luck")

    @dg.job(name="ingest")
    def ingest() -> None:
        might_fail()

    any_run, a_load = add(parts, FailedRun()), add(parts, FailedLoad())
    other = add(parts, FailedRun(jobs=("build_sales",)))
    sensor = alerts.failed_runs_sensor()
    for _ in range(2):
        failed = ingest.execute_in_process(instance=instance, raise_on_error=False, tags={"source": "pgr_events"})
        event = next(one for one in failed.all_events if one.event_type_value == "PIPELINE_FAILURE")
        context = dg.build_run_status_sensor_context(
            "failed_runs", event, instance, failed.dagster_run, resources={"lakehouse": LakeResource(settings.home)}
        ).for_run_failure()
        sensor(context)
        sensor(context)
    assert [parts.store.get(one).state for one in (any_run, a_load, other)] == [State.FIRING, State.FIRING, State.OK]
    (entry,) = parts.store.history(a_load)
    assert entry.says.startswith(f"The load of pgr_events failed at {datetime.now(UTC):%Y-%m-%d}")
    assert tick(alerts.alerts_sensor()) == "2 judged, 0 told"
    ill[0] = False
    assert ingest.execute_in_process(instance=instance, tags={"source": "pgr_events"}).success
    assert tick(alerts.alerts_sensor()) == "2 judged, 2 told"
    assert [parts.store.get(one).state for one in (any_run, a_load)] == [State.OK, State.OK]
    assert tick(alerts.messages_sensor()) == "4 sent"
