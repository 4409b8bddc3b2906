"""Many askers at once, answers that are given again, and tables that move on meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.local import Publication, ReplaceTable
from nlq.answering.sameness import same_rows
from nlq.demo import QUESTIONS
from nlq.service.app import create_app
from nlq.service.limits import LimiterInProcess
from tests.nlq.service.conftest import NOW, Served, served
from tests.semantic.tables import new_lake

ASKERS = 100


def test_a_hundred_askers_at_once_are_all_answered(keyed: Served) -> None:
    holders = ("amritsar", "jalandhar", "admin")

    def ask(n: int) -> tuple[str, str, httpx.Response]:
        holder, question = holders[n % 3], QUESTIONS[n % len(QUESTIONS)]
        with keyed.client(holder) as client:
            return holder, question, client.post("/nlq", json={"question": question, "now": NOW})

    with ThreadPoolExecutor(ASKERS) as pool:
        answers = list(pool.map(ask, range(ASKERS)))
    rows: dict[tuple[str, str], Any] = {}
    for holder, question, response in answers:
        assert response.status_code == 200, response.text
        document = response.json()
        assert document["outcome"] == "answered", document["sentence"]
        assert document["tenant"] == {"amritsar": "pb.amritsar", "jalandhar": "pb.jalandhar", "admin": None}[holder]
        assert same_rows(rows.setdefault((holder, question), document["rows"]), document["rows"])


def test_an_answer_is_given_again_until_a_table_it_read_moves_on(tmp_path: Path) -> None:
    lake = new_lake(tmp_path / "lake")
    app = create_app(lake, loopback=True, limiter=LimiterInProcess(()))
    body = {"question": "How many complaints are there in total?"}
    with served(app, lake.settings.queue_url) as running, running.client() as client:
        first, again = (client.post("/nlq", json=body).json() for _ in range(2))
        assert (first["cached"], again["cached"]) == (False, True)
        assert again["rows"] == first["rows"] and again["answer_id"] != first["answer_id"]
        _keep_half_of_the_cases(lake)
        after = client.post("/nlq", json=body).json()
        assert after["cached"] is False
        assert 0 < after["rows"][0][0] < first["rows"][0][0]
        assert after["snapshots"] != first["snapshots"]
        replayed = client.get(f"/answers/{again['answer_id']}/replay").json()
        assert replayed["same_rows"] is True and replayed["answer"]["rows"] == first["rows"]


def _keep_half_of_the_cases(lake: Lake) -> None:
    from lakehouse_assets.domains import contract_of

    contract = contract_of("gold.gold_pgr_case_lifecycle")
    publication = Publication.begin(lake, run_id="test")
    with publication.session() as session:
        session.expose(contract.identifier)
        half = f"select * from {contract.identifier} where hash(complaint_id) % 2 = 0"
        publication.stage(contract, half, session.con, ReplaceTable())
        publication.audit(session.con)
    publication.publish()
