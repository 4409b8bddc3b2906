"""Sending to real receivers on this machine: what arrives, and what if they fail, hang or break off."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from lakehouse_assets.alerts import outbox as outboxes
from lakehouse_assets.alerts.messages import Message, Table, as_csv, as_slack
from lakehouse_assets.alerts.outbox import Outbox
from lakehouse_assets.alerts.sending import bounded, webhooks
from lakehouse_assets.alerts.sending.bounded import NotSentError, connected
from lakehouse_assets.alerts.sending.sender import Sender
from lakehouse_assets.alerts.targets import Target, Targets, TargetsError, UnknownTargetError
from lakehouse_assets.settings import Settings
from nlq.answering.document.columns import AnswerColumn
from nlq.core.guard import Caller
from nlq.core.utc import utc_now
from tests.alerts.receivers import Received, http_receiver, mail_receiver

AT = datetime(2026, 1, 5, 12, 0)
TABLE = Table(
    title="Backlog by ward",
    columns=(
        AnswerColumn(name="w", label="Ward", kind="dimension"), AnswerColumn(name="b", label="Backlog", kind="metric"),
    ),
    rows=(("=WARD & <b>", 1200), (None, 3)),
)  # fmt: skip


def message(number: int = 1) -> Message:
    return Message(
        id=f"id-{number}", alert_id="a", name="backlog", kind="alert", subject=f"Backlog <{number}>",
        lines=("Backlog is 209 & more.",), link="https://asklake.example.org/alerts#a", tables=(TABLE,), at=AT,
    )  # fmt: skip


@pytest.fixture(scope="module")
def web() -> Iterator[Received]:
    with http_receiver() as received:
        yield received


@pytest.fixture(scope="module")
def post() -> Iterator[Received]:
    with mail_receiver() as received:
        yield received


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever hangs is waited for a moment; tests of whoever does not must not hurry it."""
    monkeypatch.setattr(webhooks, "STEP_S", 0.5)
    monkeypatch.setattr("lakehouse_assets.alerts.sending.mail.STEP_S", 0.5)


@pytest.fixture(autouse=True)
def well(web: Received, post: Received) -> None:
    """Each test begins with receivers that are well."""
    for received in (web, post):
        received.answers[:] = ["well"]
        received.bodies.clear()
        received.headers.clear()


@pytest.fixture
def given(settings: Settings, web: Received, post: Received) -> Settings:
    settings.home.mkdir(parents=True, exist_ok=True)
    targets = {
        "ops": {"kind": "slack", "tenants": ["pb.amritsar"]}, "pager": {"kind": "webhook", "tenants": ["*"]},
        "office": {"kind": "email", "to": ["a@example.org", "b@example.org"]}, "bare": {"kind": "webhook"},
    }  # fmt: skip
    settings.targets_file.write_text(yaml.safe_dump({"targets": targets}))
    url = SecretStr(f"http://127.0.0.1:{web.port}/services/T0/secret-token?x=1")
    return settings.model_copy(
        update={
            "target_access": {"ops": url, "pager": url}, "target_secrets": {"pager": SecretStr("signing-secret")},
            "private_targets": True, "mail_server": SecretStr(f"smtp://127.0.0.1:{post.port}"),
            "mail_from": "alerts@example.org", "mail_domains": "example.org",
        }
    )  # fmt: skip


def target(settings: Settings, name: str) -> Target:
    return Targets(settings).find(name, Caller())


def sender(settings: Settings) -> Sender:
    return Sender(settings, Outbox(settings.queue_url))


def test_a_webhook_gets_a_signed_document(given: Settings, web: Received) -> None:
    sender(given).send(target(given, "pager"), message())
    (body,), (headers,) = web.bodies, web.headers
    document = json.loads(body)
    assert (document["id"], document["subject"], document["tables"][0]["rows"][1]) == ("id-1", "Backlog <1>", [None, 3])
    assert headers["idempotency-key"] == "id-1"
    signed = headers["x-asklake-timestamp"].encode() + b"." + body
    assert headers["x-asklake-signature"] == f"v1={hmac.new(b'signing-secret', signed, hashlib.sha256).hexdigest()}"
    assert abs(time.time() - int(headers["x-asklake-timestamp"])) < 60
    assert headers["host"] == f"127.0.0.1:{web.port}"


def test_slack_gets_text_without_markup_of_figures(given: Settings, web: Received) -> None:
    sender(given).send(target(given, "ops"), message())
    text = json.loads(web.bodies[0])["text"]
    assert text.startswith("*Backlog &lt;1&gt;*\nBacklog is 209 &amp; more.")
    assert "=WARD &amp; &lt;b&gt;  1,200" in text
    assert "x-asklake-signature" not in web.headers[0]
    assert as_slack(message())["text"] == text


def test_mail_has_text_html_and_a_sheet(given: Settings, post: Received) -> None:
    sender(given).send(target(given, "office"), message())
    (mail,) = post.mails
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Backlog <1>", "alerts@example.org", "a@example.org, b@example.org",
    )  # fmt: skip
    assert mail["Message-ID"] == "<id-1@example.org>"
    text, markup = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert markup is not None
    assert "Backlog is 209 & more." in text.get_content()
    assert "<b>" not in markup.get_content().replace("&lt;b&gt;", "")
    (sheet,) = mail.iter_attachments()
    assert sheet.get_filename() == "Backlog-by-ward.csv"
    assert sheet.get_content().splitlines() == ["Ward,Backlog", "'=WARD & <b>,1200", ",3"]
    assert as_csv(TABLE).startswith("Ward,Backlog\r\n'=WARD")


@pytest.mark.parametrize(
    ("how", "says"),
    [("500", "answered 500"), ("redirects", "answered 307"), ("resets", "broke the connection off")],
)
def test_what_is_wrong_with_a_webhook_is_said_without_its_address(
    given: Settings, web: Received, how: str, says: str
) -> None:
    web.answers[:] = [how]
    with pytest.raises(NotSentError, match=says) as failure:
        sender(given).send(target(given, "pager"), message())
    assert "secret-token" not in str(failure.value)
    assert len(web.bodies) == (how in ("500", "redirects")), "a redirect is not followed"


@pytest.mark.usefixtures("impatient")
def test_receivers_that_hang_are_left(given: Settings, web: Received, post: Received) -> None:
    web.answers[:] = post.answers[:] = ["hangs"]
    for name in ("pager", "office"):
        with pytest.raises(NotSentError, match="in time"):
            sender(given).send(target(given, name), message())


def test_a_receiver_that_answers_a_byte_at_a_time_holds_nobody_up(
    given: Settings, web: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers[:] = ["drips"]
    bound = bounded.in_time
    monkeypatch.setattr(webhooks, "in_time", lambda held: bound(held, 1.0))
    begun = time.monotonic()
    with pytest.raises(NotSentError):
        sender(given).send(target(given, "pager"), message())
    assert time.monotonic() - begun < 15, "it would have dripped for 20 s"


@pytest.mark.parametrize(
    ("how", "says"),
    [("refuses", "refuses 2 of its addresses"), ("busy", "refuses 2"), ("resets", "broke off")],
)
def test_what_is_wrong_with_a_mail_server(given: Settings, post: Received, how: str, says: str) -> None:
    post.answers[:] = [how]
    with pytest.raises(NotSentError, match=says):
        sender(given).send(target(given, "office"), message())
    assert not post.bodies


def test_what_may_not_go_to_a_target_any_more_holds_nobody_up(given: Settings, web: Received) -> None:
    outbox = Outbox(given.queue_url)
    outbox.add(message(1), "ops", "pb.jalandhar", AT)
    outbox.add(message(2), "ops", "pb.amritsar", AT + timedelta(seconds=1))
    assert Sender(given, outbox).round().sent == 1, "ops is for Amritsar alone"
    assert [headers["idempotency-key"] for headers in web.headers] == ["id-2"]
    (ops,) = outbox.receivers()
    assert (ops.waiting, ops.failures) == (1, 0)
    assert Sender(given, outbox).round().sent == 0
    waits = next(one for one in outbox.of_alert("a") if one["status"] == "waiting")
    assert (waits["tries"], waits["error"][:24]) == (1, "There is no target “ops”")


def test_addresses_that_took_a_mail_are_not_sent_it_again_for_those_that_did_not(
    given: Settings, post: Received
) -> None:
    post.answers[:] = ["refuses a"]
    outbox = Outbox(given.queue_url)
    outbox.add(message(), "office", None, AT)
    assert Sender(given, outbox).round().sent == 1
    assert Sender(given, outbox).round().sent == 0, "b has it"
    assert len(post.bodies) == 1
    (told,) = outbox.of_alert("a")
    assert (told["status"], told["error"]) == ("sent", "the mail server refused 1 of its 2 addresses")


def test_a_title_of_several_lines_is_one_line_of_a_mail(given: Settings, post: Received) -> None:
    odd = message().model_copy(update={"subject": "Board\r\nBcc: evil@example.org\x85\u2028end"})
    sender(given).send(target(given, "office"), odd)
    (mail,) = post.mails
    assert (mail["Subject"], mail["Bcc"]) == ("Board Bcc: evil@example.org end", None)


def test_rows_stay_inside_their_frame_in_slack_and_say_that_they_are_not_all() -> None:
    rows = tuple((f"```{'w' * 300} <{n}>", n) for n in range(15))
    text = as_slack(message().model_copy(update={"tables": (TABLE.model_copy(update={"rows": rows}),)}))["text"]
    assert text.count("```") == 2
    assert text.endswith("\n… and more.```")
    assert "&lt;0&gt;" in text and "<" not in text
    odd = message().model_copy(update={"lines": ("@channel [here](https://evil.example.org) a@example.org",)})
    assert "@\u200bchannel [here]\u200b(https://evil.example.org) a@example.org" in as_slack(odd)["text"]


def test_a_mail_server_elsewhere_must_offer_tls(
    given: Settings, post: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lakehouse_assets.alerts.sending.mail.is_loopback", lambda host: False)
    with pytest.raises(NotSentError, match="no STARTTLS"):
        sender(given).send(target(given, "office"), message())
    assert not post.bodies


def test_a_receiver_that_fails_loses_nothing(given: Settings, web: Received, post: Received) -> None:
    outbox = Outbox(given.queue_url)
    long_ago = utc_now() - timedelta(days=1)
    for number in range(3):
        outbox.add(message(number), "pager", None, long_ago + timedelta(seconds=number))
    outbox.add(message(9), "office", None, long_ago)
    web.answers[:] = ["503", "well"]
    first = Sender(given, outbox).round()
    assert (first.sent, first.failed, len(post.bodies)) == (1, 1, 1), "the mail went out all the same"
    assert Sender(given, outbox).round().sent == 0, "it is left alone"
    (pager,) = [one for one in outbox.receivers() if one.target == "pager"]
    assert (pager.waiting, pager.failures, pager.error) == (3, 1, "it answered 503")
    _no_longer_put_off(outbox)
    assert Sender(given, outbox).round().sent == 3
    ids = [headers["idempotency-key"] for headers in web.headers]
    assert ids == ["id-0", "id-0", "id-1", "id-2"], "the first one again under the same key"


def _no_longer_put_off(outbox: Outbox) -> None:
    with outbox._engine.begin() as con:  # instead of a wait of 30 seconds
        con.execute(outboxes.receivers.update().values(next_at=AT - timedelta(days=2)))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.1.2.3", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
     "[fd00::1]", "[fe80::1]", "[64:ff9b::a00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "[fec0::1]",
     "100.64.0.1", "224.0.0.1"],
)  # fmt: skip
def test_private_networks_are_not_called(given: Settings, host: str) -> None:
    closed = given.model_copy(
        update={"private_targets": False, "target_access": {"pager": SecretStr(f"https://{host}/hook")}}
    )
    with pytest.raises(NotSentError, match="private network"):
        sender(closed).send(target(closed, "pager"), message())


def test_a_name_is_resolved_once_and_what_was_looked_at_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(2, 1, 6, "", (address, port))]

    called: list[tuple[str, int]] = []

    def create(address: tuple[str, int], timeout: float) -> None:
        called.append(address)
        raise TimeoutError

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    monkeypatch.setattr("socket.create_connection", create)
    with pytest.raises(NotSentError, match="in time"):
        connected("rebinds.example.org", 443, private=False)
    assert (asked, called) == (["rebinds.example.org"], [("93.184.216.34", 443)])


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://93.184.216.34/x", "not https"),
        ("ftp://93.184.216.34/x", "no https"),
        ("https://u:p@host/x", "without user"),
    ],
)
def test_addresses_that_are_none(given: Settings, url: str, says: str) -> None:
    closed = given.model_copy(update={"private_targets": False, "target_access": {"pager": SecretStr(url)}})
    with pytest.raises(NotSentError, match=says):
        sender(closed).send(target(closed, "pager"), message())


def test_who_may_choose_which_target(given: Settings) -> None:
    targets = Targets(given)
    assert [one.name for one in targets.of(Caller())] == ["bare", "office", "ops", "pager"]
    assert [one.name for one in targets.of(Caller("pb.amritsar", "viewer"))] == ["ops", "pager"]
    assert [one.name for one in targets.of(Caller("pb.jalandhar", "viewer"))] == ["pager"]
    for name in (
        "ops",
        "office",
        "nobody",
        "me@evil.org",
        "me@example.org.evil.org",
        "a@example.org,b@evil.org",
        "@example.org",
    ):
        with pytest.raises(UnknownTargetError):
            targets.find(name, Caller("pb.jalandhar", "viewer"))
    assert targets.find("Me@Example.org", Caller("pb.jalandhar", "viewer")).to == ("Me@Example.org",)
    assert "no secret" in targets.all()["bare"].missing or "no address" in targets.all()["bare"].missing
    with pytest.raises(NotSentError, match="no address"):
        sender(given).send(target(given, "bare"), message())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("targets: [a]", "has no 'targets'"),
        ("targets: {A b: {kind: slack}}", "'A b' is no name"),
        ("targets: {ops: {kind: pigeon}}", "ops.kind"),
        ("targets: {ops: {kind: email, to: ['no address']}}", "'no address' is no mail address"),
        ("targets: {ops: {kind: slack, url: 'https://hooks'}}", "url"),
        (": :", "YAML"),
        ("targets: {ops: {kind: slack, description: \xe9}}", "cannot be read: 'utf-8'"),
    ],
)
def test_what_is_wrong_with_the_file_of_targets(settings: Settings, tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "targets.yml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(TargetsError, match=says):
        Targets(settings.model_copy(update={"alert_targets": path})).all()


def test_secrets_of_targets_are_kept_out_of_logs(given: Settings) -> None:
    assert {"services/T0/secret-token", "signing-secret"} <= set(given.secrets)
