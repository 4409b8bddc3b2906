"""What breaks inside is told in the log, without the keys of those who asked, in lines that have a bound."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from lakehouse_assets.assets.questions.batch import answer_batch
from lakehouse_assets.http import logs
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from nlq.answering.answer import Answerer
from nlq.answering.document.model import Answer
from nlq.storage.queue import QuestionQueue
from semantic.errors import SemanticError
from tests.logging_lines import logged
from tests.service.conftest import Served, make_keys, problem, served

ASK = {"question": "Complaints by ward"}
PASSWORD = 'pass"word\\ü'


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log of the process as `asklake serve` configures it; afterwards it is as it was."""
    with logged(secrets=[PASSWORD]) as stream:
        yield stream


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize("place", ["header", "cookie", "query"])
def test_a_defect_tells_no_key(
    asked_lake: Lake, tmp_path: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str], place: str
) -> None:
    database = f"sqlite:///{tmp_path}/questions.db"
    key = make_keys(database)["admin"]
    app = create_app(asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database) as running, httpx.Client(base_url=running.url, timeout=60) as client:
        _break_the_queue(database)
        sent: dict[str, Any] = {"headers": {"authorization": f"Bearer {key}"}}
        if place == "cookie":
            sent["headers"]["cookie"] = f"asklake_key={key}; other={key}"
        elif place == "query":
            sent["params"] = {"key": key, "token": key}
        response = client.post("/questions", json=ASK, **sent)
        problem(response, 500, "internal")
        # The id of a key may be told; what its holder alone knows may not.
        secret = key.split("_", 2)[2]
        told = next(line for line in lines(log) if line["event"] == "failed")
        assert told["request_id"] == response.headers["x-request-id"]
        assert told["exception"][0]["exc_type"] == "OperationalError" and "locals" not in json.dumps(told)
    assert max(map(len, log.getvalue().splitlines())) <= logs.MAX_LINE
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for text in (log.getvalue(), *capfd.readouterr(), kept.decode("latin-1"), response.text):
        assert secret not in text


def _break_the_queue(database: str) -> None:
    engine = sa.create_engine(database)
    with engine.begin() as con:
        con.execute(sa.text("drop table questions"))
    engine.dispose()


def test_a_failed_question_tells_nothing_of_the_inside(
    keyed: Served, asked_lake: Lake, answerer: Answerer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("/srv/secret/path is gone")

    monkeypatch.setattr(Answerer, "ask", broken)
    queue = QuestionQueue(keyed.database)
    with keyed.client("admin") as client:
        ids = [client.post("/questions", json=ASK).json()["id"] for _ in range(2)]
        # What was tried is tried again alone, and other tests' questions may wait before these.
        while any(queue.get(question_id).status != "failed" for question_id in ids):
            answer_batch(queue, answerer, asked_lake)
        # As an earlier version kept it.
        with queue._engine.begin() as con:
            raw = {"error": "RuntimeError: /srv/secret/path is gone", "id": ids[1]}
            con.execute(sa.text("update questions set error = :error, answer_id = null where id = :id"), raw)
        for question_id in ids:
            response = client.get(f"/questions/{question_id}")
            assert (response.json()["status"], "secret" in response.text) == ("failed", False)
            assert question_id in response.json()["error"]
        answer = client.get(f"/answers/{ids[0]}")
        assert (answer.json()["error"], "secret" in answer.text) == ("internal", False)
        asked = client.post("/nlq", json=ASK, headers={"x-request-id": "mine-2"})
        assert "secret" not in problem(asked, 500, "internal")["message"]
    with queue._engine.begin() as con:
        kept = list(
            con.execute(sa.text("select document from answer_journal where document like '%mine-2%'")).scalars()
        )
    queue.close()
    assert len(kept) == 1 and "secret" not in kept[0]
    stored = {**json.loads(kept[0]), "error": "RuntimeError: /srv/secret/path is gone"}
    assert Answer.model_validate(stored).error == "internal"


def test_a_layer_that_cannot_be_read_is_told_of_in_the_log(
    service: Served, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise SemanticError("KeyError: 'secret' in /srv/secret.json")

    monkeypatch.setattr(service.app.state.service.handlers.answerer, "ask", broken)
    with service.client() as client:
        assert "secret" not in problem(client.post("/nlq", json=ASK), 503, "layer_unreadable")["message"]
    assert any("secret" in line.get("problem", "") for line in lines(log) if line["event"] == "layer_unreadable")


def test_an_answer_whose_snapshots_are_gone_cannot_be_read_again(service: Served) -> None:
    with service.client() as client:
        answer = Answer.model_validate(client.post("/nlq", json=ASK).json())
        gone = answer.model_copy(update={"answer_id": "gone", "snapshots": dict.fromkeys(answer.snapshots, 1)})
        journal = service.app.state.service.handlers.journal
        journal.record([gone])
        problem(client.get("/answers/gone/replay"), 409, "nothing_to_replay")


@pytest.mark.parametrize("name", ["asklake.service", "uvicorn.error", "sqlalchemy.pool"])
def test_what_libraries_tell_is_bounded_and_without_secrets(log: io.StringIO, name: str) -> None:
    try:
        raise RuntimeError(
            f"cannot log in with {PASSWORD}; headers [(b'authorization', b'Bearer abcdef')]" + "x" * 10**6
        )
    except RuntimeError as error:
        logging.getLogger(name).error("it said %s of %s", error, "y" * 10**6, exc_info=True)
    (line,) = log.getvalue().splitlines()
    assert len(line) <= logs.MAX_LINE and json.loads(line)["exception"][0]["exc_type"] == "RuntimeError"
    assert "abcdef" not in line and json.dumps(PASSWORD, ensure_ascii=False)[1:-1] not in line


def test_what_a_long_traceback_is_about_is_told(log: io.StringIO) -> None:
    # As uvicorn logs why an app did not start: one text, the reason at its end.
    frames = "".join(f'  File "{n}.py", line {n}, in call\n' for n in range(500))
    logging.getLogger("uvicorn.error").error("Traceback:\n%sWarehouseMovedError: run `asklake relocate`", frames)
    (line,) = lines(log)
    assert line["event"].startswith("Traceback:") and line["event"].endswith("run `asklake relocate`")
    assert len(line["event"]) <= 1_001


@pytest.mark.parametrize(
    "value",
    ["\ud800", 10**5000, float("inf"), [["x" * 100] * 100] * 100, {f"{n}" * 200: "y" * 10**5 for n in range(200)},
     type("Broken", (), {"__repr__": lambda self: 1 / 0})(), {1: {2: {3: {4: {5: {6: {7: {8: 9}}}}}}}}],
    ids=["surrogate", "digits", "infinite", "wide", "keys", "unspeakable", "deep"],
)  # fmt: skip
def test_whatever_is_told_is_a_line_of_json(value: Any) -> None:
    line = logs._Line(())(None, "warning", {"event": "odd", "value": value, "more": {"again": value}})
    assert len(line) <= logs.MAX_LINE and json.loads(line)["event"] == "odd"
    line.encode()
