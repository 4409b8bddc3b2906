"""Drafts over HTTP: decided, tried, accepted once, of the tenant of the key alone, and loaded without a restart."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from lakehouse_assets import adopted
from lakehouse_assets.drafting.design import design
from lakehouse_assets.drafting.edits import Edits
from lakehouse_assets.drafting.writing import rendered
from lakehouse_assets.ingest.loads.quarantine import replay
from lakehouse_assets.ingest.sources import Source, read_sources
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from lakehouse_assets.service.intake.drafts import _keep
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore
from tests.service.conftest import Served, problem, served
from tests.service.intake.test_uploads import send, when

HOLDERS: dict[str, dict[str, Any]] = {
    "t1": {"tenant": "t1", "role": "writer"},
    "t2": {"tenant": "t2", "role": "writer"},
    "admin": {"role": "admin"},
    "viewer": {"tenant": "t1", "role": "viewer"},
}
TRIPS = b"""Trip No,When,Fare (EUR),Driver
7001,03/04/2026,"12,50",Ada
7002,05/04/2026,"8,00",Bo
7003,06/05/2026,"9,75",Ada
"""
DECIDED = {"month_first": False, "names": {"Fare (EUR)": "fare"}, "key": ["Trip No"]}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home = tmp_path_factory.mktemp("drafts")
    return Lake(Settings(profile="local", home=home, landing="", time_zone="Asia/Kolkata"))


@pytest.fixture(scope="module")
def taking(lake: Lake) -> Iterator[Served]:
    database = f"sqlite:///{lake.settings.home}/questions.db"
    store = KeyStore(database)
    keys = {name: store.create(name, **rights)[1] for name, rights in HOLDERS.items()}
    store.close()
    app = create_app(lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database, keys) as running:
        yield running
    adopted.use(Settings())


def drafted(client: httpx.Client, body: bytes, name: str) -> dict[str, Any]:
    found = when(client, send(client, body, filename=name).json()["job"], "ready", "failed")
    assert found["draft"], found
    return found


def accept(client: httpx.Client, job: str, name: str, edits: dict[str, Any], **more: Any) -> httpx.Response:
    return client.post(f"/uploads/{job}/draft/accept", json={"name": name, "edits": edits, **more})


def test_a_draft_is_decided_tried_accepted_and_loaded_with_its_profile(taking: Served, lake: Lake) -> None:
    with taking.client("t1") as client:
        found = drafted(client, TRIPS + b'7004,07/05/2026,"ten",Bo\n', "trips.csv")
        job, draft = found["job"], found["draft"]
        assert draft["date_order"] == ["When"] and draft["day"] == "When"
        assert {c["field"]: c["in_key"] for c in draft["columns"]}["Trip No"]
        told = problem(accept(client, job, "trips", {}), 422, "not_decided")
        assert "day or month first" in told["message"]
        edits = DECIDED | {"types": {"Fare (EUR)": "DECIMAL(18,4)"}}
        shown = client.post(f"/uploads/{job}/draft/preview", json={"name": "trips", "edits": edits})
        seen = shown.raise_for_status().json()
        rows = [dict(zip([c["name"] for c in seen["columns"]], row, strict=True)) for row in seen["rows"]]
        assert [row["when_value"] for row in rows] == ["2026-04-03", "2026-04-05", "2026-05-06"]
        assert [fault["column"] for fault in seen["faults"]] == ["fare"]

        assert accept(client, job, "trips", edits).status_code == 202
        done = when(client, job, "loaded", "failed")
        assert done["problem"] is None, done
        loaded = done["loaded"]
        assert (loaded["rows_loaded"], loaded["rows_quarantined"], loaded["waits_for_domain"]) == (3, 1, True)
        assert accept(client, job, "trips", edits).json()["state"] == "loaded"  # asked for again
        profile = client.get(f"/uploads/{job}/profile").raise_for_status().json()
        assert (profile["rows"], profile["table"]) == (3, "bronze.trips_raw")

        more = send(client, TRIPS.replace(b"700", b"800"), filename="more trips.csv").json()["job"]
        again = when(client, more, "ready", "failed")
        assert (again["source"], again["draft"]) == ("trips", None)
        client.post(f"/uploads/{more}/load").raise_for_status()
        assert when(client, more, "loaded", "failed")["loaded"]["rows_loaded"] == 3
    with lake.session() as session:
        sql = "select tenant_id, sum(fare), count(distinct record_key) from bronze.trips_raw group by 1"
        assert [tuple(map(str, row.values())) for row in session.query(sql).to_pylist()] == [("t1", "60.5000", "6")]
    replayed = replay(lake, source_name="trips")  # by the source of the draft
    assert (replayed.tried, replayed.loaded) == (1, 0)


def test_an_accepted_draft_is_its_tenants_and_its_name_is_taken(taking: Served) -> None:
    with taking.client("t2") as other:
        found = drafted(other, TRIPS.replace(b"Driver", b"Courier"), "trips.csv")
        assert "trips" not in [fit["source"] for fit in found["fits"]]
        assert "trips" not in [source["name"] for source in other.get("/uploads").json()["sources"]]
        problem(other.get(f"/uploads/{found['job']}/preview?source=trips"), 422, "source_not_usable")
        problem(accept(other, found["job"], "trips", DECIDED), 409, "name_taken")
        # A table that is declared, by another name than its source's, and was never published.
        problem(accept(other, found["job"], "service_events", DECIDED), 409, "name_taken")
        problem(accept(other, found["job"], "rides", DECIDED, tenant="t1"), 403, "forbidden")
        with taking.client("t1") as first:
            problem(accept(first, found["job"], "rides", DECIDED), 404, "unknown_upload")
        with taking.client("viewer") as viewer:
            problem(accept(viewer, found["job"], "rides", DECIDED), 403, "forbidden")


@pytest.mark.parametrize(
    ("name", "edits", "says"),
    [
        ("sales", {}, "There is a domain 'sales'"),
        ("select", {}, "means something already"),
        ("ships", {"names": {"mass": "Mass; drop table x"}}, "cannot be a column"),
        ("ships", {"names": {"mass": "tenant_id"}}, "means something already"),
        ("ships", {"names": {"mass": "planet"}}, "Two columns are called planet"),
        ("ships", {"names": {"weight": "kg"}}, "has no field “weight”"),
        ("ships", {"key": ["weight"]}, "has no field “weight”"),
        ("ships", {"time": "planet"}, "“planet” holds no days or times"),
    ],
)
def test_what_no_table_can_be_made_of_is_refused(taking: Served, name: str, edits: dict[str, Any], says: str) -> None:
    planets = b"planet,discovered,mass\nUranus,1781-03-13,14.5\nNeptune,1846-09-23,17.1\n"
    with taking.client("admin") as client:
        found = drafted(client, planets, "planets.csv")
        problem(accept(client, found["job"], "ships", {}), 422, "tenant_needed")
        assert says in problem(accept(client, found["job"], name, edits, tenant="t1"), 422, "not_decided")["message"]
        assert accept(client, found["job"], "x", {"types": {"mass": "TEXT"}}, tenant="t1").status_code == 422
        client.delete(f"/uploads/{found['job']}").raise_for_status()


def test_a_service_killed_between_keeping_a_draft_and_loading_with_it_is_asked_again(
    taking: Served, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"ship,sails,crew\nArgo,2026-03-01 23:00:00,50\nPequod,2026-03-02 00:15:00,30\n"
    with taking.client("t1") as client:
        job = drafted(client, body, "ships.csv")["job"]
        with monkeypatch.context() as killed:
            killed.setattr("lakehouse_assets.service.intake.drafts._keep", _keeps_and_ends)
            assert accept(client, job, "ships", {"names": {"crew": "sailors"}}).status_code == 500
        assert client.get(f"/uploads/{job}").json()["state"] == "ready"
        # Its table has no rows yet, so that the same person may decide otherwise.
        accept(client, job, "ships", {"names": {"crew": "hands"}}).raise_for_status()
        assert when(client, job, "loaded", "failed")["loaded"]["rows_loaded"] == 2
    with lake.session() as session:
        rows = session.query("select cast(sails_day as varchar) as day, hands from bronze.ships_raw order by 1")
    # Times that state no zone are those of where the project is, whose days they are of.
    assert [tuple(row.values()) for row in rows.to_pylist()] == [("2026-03-01", 50), ("2026-03-02", 30)]


def _keeps_and_ends(*args: Any) -> None:
    _keep(*args)
    raise RuntimeError("the service ends here")


def test_of_two_who_accept_one_file_at_once_only_one_takes_a_name(taking: Served) -> None:
    body = b"raft,floats,crew\nKon-Tiki,1947-04-28,6\nRa,1969-05-25,7\n"
    names = ("rafts", "floats")
    with taking.client("t1") as client:
        job = drafted(client, body, "rafts.csv")["job"]
        with ThreadPoolExecutor(len(names)) as both:
            answers = dict(zip(names, both.map(lambda name: accept(client, job, name, {}), names), strict=True))
        assert sorted(answer.status_code for answer in answers.values()) == [202, 409]
        done = when(client, job, "loaded", "failed")
        (won,) = [name for name, answer in answers.items() if answer.status_code == 202]
        assert (done["loaded"]["table"], done["loaded"]["rows_loaded"]) == (f"bronze.{won}_raw", 2)
    assert [name for name in names if adopted.find(name)] == [won]


def test_what_is_kept_is_what_a_domain_would_say(tmp_path: Any) -> None:
    file = tmp_path / "trips.csv"
    file.write_bytes(TRIPS)
    made = design("trips", [str(file)], Edits.model_validate(DECIDED), "t1", zone="Asia/Kolkata")
    from lakehouse_assets.drafting.adopting import adopt

    kept = adopt(made, tenant="t1", job="j", by="me")
    sources = tmp_path / "sources.yml"
    sources.write_text(rendered(made)["lakehouse_assets/domains/trips/sources.yml"])
    (written,) = read_sources(sources)
    apart = {"description", "origin", "tenant_line", "undecided_line"}
    assert Source.model_validate(kept.source).model_dump(exclude=apart) == written.model_dump(exclude=apart)
    contract = adopted.contract_of(kept)
    assert contract.types["fare"] == "DECIMAL(18,4)" and contract.identifier == written.target
    assert all("Ada" not in column.description for column in contract.columns)  # others may read it
