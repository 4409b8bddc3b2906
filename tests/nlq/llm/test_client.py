"""Everything an endpoint can do wrong, over real HTTP."""

from __future__ import annotations

import time

import pytest

from lakehouse_assets.breaker import Breaker
from nlq.llm.client import BACKOFF_S, ModelClient, ModelUnavailableError
from tests.nlq.llm.conftest import Script, raw, slow, status, tool_call

ASK = [{"role": "user", "content": "hello"}]


def test_a_reply(script: Script, client: ModelClient) -> None:
    script.says("hello back")
    assert client.reply(ASK) == "hello back"
    assert script.requests[0]["model"] == "scripted" and script.requests[0]["temperature"] == 0


def test_a_tool_call_is_a_reply(script: Script, client: ModelClient) -> None:
    script.steps = [tool_call({"plan": None})]
    assert client.reply(ASK) == '{"plan": null}'


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_passing_error_is_tried_again_with_longer_waits(
    script: Script, client: ModelClient, slept: list[float], code: int
) -> None:
    script.says("x", "at last")
    script.steps[0] = status(code)
    script.steps.insert(1, status(code))
    assert client.reply(ASK) == "at last"
    assert len(script.requests) == 3
    assert 0 < slept[0] < slept[1] <= BACKOFF_S * 2 * 1.25


def test_it_waits_as_long_as_it_is_told(script: Script, client: ModelClient, slept: list[float]) -> None:
    script.says("x", "at last")
    script.steps[0] = status(429, {"retry-after": "2"})
    assert client.reply(ASK) == "at last"
    assert slept == [2.0]


def test_three_tries_and_no_more(script: Script, client: ModelClient) -> None:
    script.steps = [status(500)]
    with pytest.raises(ModelUnavailableError, match="it answered 500"):
        client.reply(ASK)
    assert len(script.requests) == 3


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_lasting_error_is_not_tried_again(script: Script, client: ModelClient, code: int) -> None:
    script.steps = [status(code)]
    with pytest.raises(ModelUnavailableError, match=f"it answered {code}"):
        client.reply(ASK)
    assert len(script.requests) == 1


def test_an_endpoint_without_schemas_is_asked_without_one(script: Script, client: ModelClient) -> None:
    script.says("x", "{}")
    script.steps[0] = status(400)
    assert client.reply(ASK, {"type": "object"}) == "{}"
    assert ["response_format" in request for request in script.requests] == [True, False]


def test_time_is_limited_over_all_tries(script: Script) -> None:
    client = ModelClient(script.url, "scripted", timeout_s=0.6)
    script.steps = [slow(3)]
    begun = time.monotonic()
    with pytest.raises(ModelUnavailableError, match=r"took too long|did not reply in time"):
        client.reply(ASK)
    assert time.monotonic() - begun < 2.8


@pytest.mark.parametrize("body", [b"", b"not json", b"{}", b'{"choices": []}', b"[1, 2]", b'"text"'])
def test_what_is_no_completion_is_no_reply(script: Script, client: ModelClient, body: bytes) -> None:
    script.steps = [raw(body)]
    with pytest.raises(ModelUnavailableError):
        client.reply(ASK)


def test_nobody_there() -> None:
    client = ModelClient("http://127.0.0.1:9/v1", "m", timeout_s=2.0, sleep=lambda _: None)
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        client.reply(ASK)


def test_the_breaker_opens_after_failures_and_tries_again_later(script: Script) -> None:
    now = [0.0]
    breaker = Breaker(after=2, seconds=30, clock=lambda: now[0])
    client = ModelClient(script.url, "scripted", breaker=breaker, sleep=lambda _: None)
    script.steps = [status(500)]
    for _ in range(2):
        with pytest.raises(ModelUnavailableError, match="it answered 500"):
            client.reply(ASK)
    called = len(script.requests)
    with pytest.raises(ModelUnavailableError, match="left alone"):
        client.reply(ASK)
    assert len(script.requests) == called
    now[0] = 31.0
    script.says("well again")
    assert client.reply(ASK) == "well again"
    assert client.reply(ASK) == "well again"


def test_the_key_goes_to_the_endpoint_alone(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    script.steps = [status(401)]
    with caplog.at_level("DEBUG"), pytest.raises(ModelUnavailableError) as error:
        ModelClient(script.url, "scripted", "sk-secret-secret").reply(ASK)
    assert "sk-secret-secret" not in str(error.value) + caplog.text
