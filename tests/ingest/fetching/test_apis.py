"""Sources that read an API: the ways of pages, what goes wrong on the way, and the secret."""

from __future__ import annotations

import gzip
import json
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.described.apis import Rest
from lakehouse_assets.ingest.fetching.apis import client as asking
from lakehouse_assets.ingest.fetching.apis.client import Client, Limits
from lakehouse_assets.ingest.fetching.apis.documents import DocumentError, cut
from lakehouse_assets.ingest.fetching.apis.pages import pages_of
from tests.ingest.fetching.answering import Api, Said, serving

SECRET = "hunter22-s3cr3t:pass word"
LIMITS = Limits(page=100_000, load=1_000_000, pages=20, seconds=60)


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    with serving() as api:
        yield api


@pytest.fixture
def api(server: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(asking, "_wait_longer", lambda _state: 0.0)
    server.asked.clear()
    server.headers.clear()
    return server


def read(
    api: Api, *, secret: str | None = None, limits: Limits = LIMITS, since: Mapping[str, Any] | None = None, **said: Any
) -> list[str]:
    described = Rest.model_validate({"url": api.url, **said})
    with Client(described, secret, limits, "source 'shop'") as client:
        return [
            text
            for page in pages_of(described, client, since or {}, limits.pages, "shop")
            for text in page.document.texts
        ]


def refused(api: Api, **said: Any) -> str:
    with pytest.raises(IngestError) as error:
        read(api, **said)
    assert error.value.hint
    return f"{error.value} {error.value!r}"


WAYS: dict[str, tuple[dict[str, Any], list[Any], list[dict[str, str]]]] = {
    "page": ({"by": "page", "parameter": "p"}, [[1], [2], []], [{"p": "1"}, {"p": "2"}, {"p": "3"}]),
    "page from 0, with a size": (
        {"by": "page", "parameter": "p", "first": 0, "size": 1, "size_parameter": "n"},
        [[1], [2], []], [{"n": "1", "p": "0"}, {"n": "1", "p": "1"}, {"n": "1", "p": "2"}],
    ),
    "offset by what came": (
        {"by": "offset", "parameter": "$offset", "size": 9, "size_parameter": "$limit"},
        [[1, 1], [2], []],
        [{"$limit": "9", "$offset": "0"}, {"$limit": "9", "$offset": "2"}, {"$limit": "9", "$offset": "3"}],
    ),
    "page until a status": (
        {"by": "page", "parameter": "p", "end_status": 404}, [[1], Said({"detail": "Invalid page."}, 404)],
        [{"p": "1"}, {"p": "2"}],
    ),
    "cursor": (
        {"by": "cursor", "parameter": "after", "next": "meta.cursor"},
        [{"d": [1], "meta": {"cursor": "a b"}}, {"d": [], "meta": {"cursor": 7}}, {"d": [2], "meta": {"cursor": ""}}],
        [{}, {"after": "a b"}, {"after": "7"}],
    ),
    "cursor of parameters": (
        {"by": "cursor", "next": "continue"},
        [{"d": [1], "continue": {"rccontinue": "2019|7", "continue": "-||"}}, {"d": [2]}],
        [{}, {"rccontinue": "2019|7", "continue": "-||"}],
    ),
    "cursor of the last record": (
        {"by": "cursor", "parameter": "starting_after", "of_last": "id", "more": "has_more"},
        [{"d": [{"id": "x"}], "has_more": True}, {"d": [{"id": "y"}], "has_more": False}],
        [{}, {"starting_after": "x"}],
    ),
    "link": (
        {"by": "link"},
        [Said([1], headers={"link": '<?page=2&q=a>; rel="next", <?page=9>; rel="last"'}), [2]],
        [{}, {"page": "2", "q": "a"}],
    ),
    "next": (
        {"by": "next", "next": ["@odata.nextLink"]},
        [{"d": [1], "@odata.nextLink": "/orders?$skiptoken=z"}, {"d": [2], "@odata.nextLink": None}],
        [{}, {"$skiptoken": "z"}],
    ),
    "next, to an empty page": (
        {"by": "next", "next": "n", "stop_when_empty": True},
        [{"d": [1], "n": "?o=1"}, {"d": [], "n": "?o=2"}], [{}, {"o": "1"}],
    ),
    "nothing there": ({"by": "next", "next": "n"}, [Said(b"", 204)], [{}]),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_pages_are_read_to_their_end(api: Api, way: str):
    pages, answers, asked = WAYS[way]
    first = answers[0].body if isinstance(answers[0], Said) else answers[0]
    api.in_turn(*answers)
    found = [json.loads(text) for text in read(api, pages=pages, records="d" if isinstance(first, dict) else "")]
    bodies = [a.body if isinstance(a, Said) else a for a in answers]
    want = [r for b in bodies if b for r in (b.get("d", []) if isinstance(b, dict) else b)]
    assert (found, api.asked) == (want, asked)


def test_parameters_are_sent_and_a_url_of_the_api_has_its_own(api: Api):
    api.in_turn({"d": [1], "n": "/orders?after=1&q=y"}, {"d": [2]})
    read(api, parameters={"q": "a&b=c", "n": 1}, since={"since": "2025-01-01T00:00:00+00:00"}, records="d",
         pages={"by": "next", "next": "n"}, headers={"accept": "application/vnd.shop+json"})  # fmt: skip
    assert api.asked == [{"q": "a&b=c", "n": "1", "since": "2025-01-01T00:00:00+00:00"}, {"after": "1", "q": "y"}]
    assert {h["accept"] for h in api.headers} == {"application/vnd.shop+json"}


@pytest.mark.parametrize(
    ("text", "path", "records"),
    [
        (f"[1e{'9' * 30},{'7' * 5000},-1]", "", [f"1e{'9' * 30}", "7" * 5000, "-1"]),
        (' [ 1.10 , {"a" : 12345678901234567890.123} ] ', "", ["1.10", '{"a" : 12345678901234567890.123}']),
        ('{"b":{"a":[0]},"a":{"x":1,"b":[{},\n{"c":[1]}]}}', "a.b", ["{}", '{"c":[1]}']),
        ('{"p":{"63":{"t":1},"7":{"t":2}}}', "p.*", ['{"t":1}', '{"t":2}']),
        ('{"e":[{"node":{"i":1}},{"node":{"i":2},"x":0}]}', "e.*.node", ['{"i":1}', '{"i":2}']),
        ('{"g":[{"r":[1,2]},{"r":[]},{"r":[3]}]}', "g.*.r", ["1", "2", "3"]),
        ('{"r":null}', "r", []),
        ('{"r":[]}', "r", []),
        ('{"p":{}}', "p.*", []),
    ],
)
def test_records_are_cut_as_they_stand(text: str, path: str, records: list[str]):
    assert cut(text, [step for step in path.split(".") if step]).texts == records


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("<html>", "", "it is no JSON: Expecting value at character 1"),
        ('{"error":"x","ok":false}', "d", "nothing lies at 'd'; it is an object of 'error', 'ok'"),
        ('{"d":{"63":{}}}', "d", "no list, but an object of '63'; `*` stands for the values"),
        ("[1] [2]", "", "it goes on after its end, at character 5"),
        ("[NaN]", "", "NaN is no number"),
        ("[" * 100_000, "", "nested too deep"),
        ('{"d":[1,]}', "d", "it is no JSON: Expecting value at character 9"),
        ("{a:1}", "a", "Expecting a name in double quotes"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_records_is_told(text: str, path: str, said: str):
    with pytest.raises(DocumentError) as error:
        cut(text, path.split(".") if path else [])
    assert said in str(error.value) and not error.value.is_cut


@pytest.mark.parametrize(
    "half",
    [Said([{"a": 1}] * 50, cut=300), Said(b'[{"a":1},{"a":'), Said(b'[{"a":"b'), Said(b""),
     Said(gzip.compress(json.dumps(list(range(5000))).encode())[:-900], headers={"content-encoding": "gzip"}),
     Said(b"no gzip", headers={"content-encoding": "gzip"})],
    ids=["length", "between", "text", "empty", "gzip", "no-gzip"],
)  # fmt: skip
def test_half_an_answer_is_asked_for_again_and_never_read(api: Api, half: Said):
    api.in_turn(half, half, [7])
    assert read(api) == ["7"]
    api.in_turn(half)
    assert "an answer is not whole" in refused(api)
    assert len(api.asked) == 3 + asking.TRIES


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_asked_again_as_late_as_the_api_says(api: Api, status: int, monkeypatch: pytest.MonkeyPatch):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    api.in_turn(Said({}, status, {"retry-after": "7"}), Said({}, status), [1])
    assert read(api) == ["1"] and slept == [7, 0]
    api.in_turn(Said({"message": "slow down"}, status, {"retry-after": "3600"}))
    assert f"it answers {status}" in (said := refused(api)) and "asks to wait 3,600 s" in said and slept == [7, 0]


@pytest.mark.parametrize("after", ["0", "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 99999 23:59:59 GMT", "9" * 5000])
def test_an_api_that_says_no_time_to_wait_is_asked_later_and_later(api: Api, after: str, monkeypatch: Any):
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(asking, "_wait_longer", lambda state: float(state.attempt_number))
    api.in_turn(Said({}, 503, {"retry-after": after}))
    assert "it answers 503" in refused(api) and slept == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("answers", "said", "words"),
    [
        ([Said({"message": "no such thing"}, 404)], {}, ["it answers 404 Not Found: {\"message\": \"no such thing\"}"]),
        ([Said({}, 401)], {}, ["401 Unauthorized", "Perhaps the secret is wrong"]),
        ([Said(b"<html>gone</html>", 410)], {}, ["it answers 410 Gone. "]),
        ([Said(b"<html>Log in</html>")], {}, ["it is no JSON", "Nothing was loaded"]),
        ([Said("é".encode("latin-1"))], {}, ["not in UTF-8"]),
        ([Said([0] * 60_000)], {}, ["an answer is longer than 100,000 bytes", "ASKLAKE_API_PAGE_MOST"]),
        ([Said(gzip.compress(b" " * 50_000_000), headers={"content-encoding": "gzip"})], {}, ["longer than 100,000"]),
        ([[1]], {"pages": {"by": "page", "parameter": "p"}}, ["the very records of the one before"]),
        ([{"d": [1], "c": "x"}], {"records": "d", "pages": {"by": "cursor", "parameter": "c", "next": "c"}},
         ["a next page that was read already"]),
        ([{"d": [1], "c": {"x": 1}}], {"records": "d", "pages": {"by": "cursor", "parameter": "c", "next": "c"}},
         ["neither a text nor a number"]),
        ([{"d": [1], "n": "http://169.254.169.254/latest"}], {"records": "d", "pages": {"by": "next", "next": "n"}},
         ["names a next page elsewhere, on http://169.254.169.254."]),
        ([{"d": [1], "n": "http://127.0.0.1:1/orders"}], {"records": "d", "pages": {"by": "next", "next": "n"}},
         ["names a next page elsewhere"]),
        ([{"d": [1], "n": "file:///etc/passwd"}], {"records": "d", "pages": {"by": "next", "next": "n"}},
         ["elsewhere"]),
        ([Said({}, 302, {"location": "http://localhost:9/x"})], {}, ["redirects elsewhere, on http://localhost."]),
        ([Said({}, 302, {"location": "?again"})], {}, ["redirects more than 5 times"]),
        ([Said({}, 302, {"location": "http://[x"})], {}, ["redirects by what is no URL"]),
        ([Said([1], headers={"link": '<http://a:99999/>; rel="next"'})], {"pages": {"by": "link"}},
         ["names a next page by what is no URL"]),
        ([{"d": [1], "c": "\ud800"}], {"records": "d", "pages": {"by": "cursor", "parameter": "c", "next": "c"}},
         ["what leads to the next page is no text"]),
        ([{"d": [{}], "m": 1}], {"records": "d", "pages": {"by": "cursor", "parameter": "c", "of_last": "id"}},
         ["the last record of a page has no 'id'"]),
        ([{"d": [1], "m": "yes"}], {"records": "d", "pages": {"by": "page", "parameter": "p", "more": "m"}},
         ["neither true nor false"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(api: Api, answers: list[Any], said: dict[str, Any], words: list[str]):
    api.in_turn(*answers)
    found = refused(api, **said)
    assert [w for w in words if w not in found] == [] and len(api.asked) <= 7


def test_a_load_ends_at_its_limits(api: Api):
    api.answer = lambda query: Said({"d": [query["p"]]})
    pages = {"by": "page", "parameter": "p"}
    assert "there are more than 20 pages" in refused(api, records="d", pages=pages)
    api.answer = lambda query: Said({"d": [query["p"] * 50_000]})
    little = Limits(page=100_000, load=120_000, pages=20, seconds=60)
    assert "longer than 120,000 bytes together" in refused(api, records="d", pages=pages, limits=little)
    api.answer = lambda query: Said({"d": [], "n": f"?o={query.get('o', '')}1"})
    often = Limits(page=100_000, load=1_000_000, pages=1_000, seconds=60)
    assert "have no record" in refused(api, records="d", pages={"by": "next", "next": "n"}, limits=often)
    late = Limits(page=100_000, load=1_000_000, pages=20, seconds=0)
    assert "reading takes longer than 0 s" in refused(api, limits=late)
    api.answer = lambda _query: Said([], drips=True)
    soon = Limits(page=100_000, load=1_000_000, pages=20, seconds=1)
    assert "reading takes longer than 1 s" in refused(api, limits=soon)


def test_the_body_of_a_redirect_is_not_read(api: Api):
    long = Said(gzip.compress(b" " * 50_000_000), 302, {"location": "?p=2", "content-encoding": "gzip"})
    api.in_turn(long, [1])
    tracemalloc.start()
    try:
        assert read(api) == ["1"] and tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_redirect_on_the_same_host_is_followed(api: Api):
    api.in_turn(Said({}, 307, {"location": "/elsewhere?page=1"}), [1])
    assert read(api) == ["1"] and api.asked == [{}, {"page": "1"}]


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ("bearer", {"authorization": "Bearer hunter22-s3cr3t:pass word"}),
        ("basic", {"authorization": "Basic aHVudGVyMjItczNjcjN0OnBhc3Mgd29yZA=="}),
        ({"by": "header", "name": "X-Api-Key"}, {"x-api-key": SECRET}),
        ({"by": "parameter", "name": "api_key"}, {}),
    ],
)
def test_the_secret_is_sent_as_the_source_says_and_told_nowhere(api: Api, auth: Any, sent: dict[str, str]):
    said = {"access": "shop", "auth": auth, "secret": SECRET}
    api.in_turn(Said([1], headers={"link": '<?page=2&api_key=other>; rel="next"'}), [2])
    read(api, **said, pages={"by": "link"})
    in_query = {"api_key": SECRET} if isinstance(auth, dict) and auth["by"] == "parameter" else {}
    assert [sent.items() <= h.items() for h in api.headers] == [True, True]
    assert api.asked == [in_query, {"page": "2", "api_key": "other", **in_query}]
    quoting = {
        "error": f"bad key {SECRET} hunter22 Basic aHVudGVyMjItczNjcjN0OnBhc3Mgd29yZA== s3cr3t*** "
        "hunter22-s3cr3t%3Apass%20word"
    }
    nowhere = {"url": "http://127.0.0.1:1/orders"}
    for answer, more in (
        (Said(quoting, 400), {}), (Said({}, 400, reason="hunter22"), {}),
        (Said(quoting, 503), {}), (Said(b"<html>"), {}), (Said([1]), nowhere), (Said({SECRET.split()[0]: 1}), {}),
        (Said({}, 302, {"location": f"http://{SECRET.split(':')[0]}.example.com/"}), {}),
        (Said([1], headers={"link": '<http://hunter22/?k=s3cr3t>; rel="next"'}), {"pages": {"by": "link"}}),
    ):  # fmt: skip
        api.in_turn(answer)
        found = refused(api, **{**said, **more})
        assert [piece for piece in ("hunter", "s3cr", "aHVud", "pass w", "api_key") if piece in found] == []


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"url": "ftp://a/b"}, "a whole URL"),
        ({"url": "https://me:pw@a/b"}, "no user or password"),
        ({"url": "https://a/b?c=d"}, "state what follows under `parameters`"),
        ({"parameters": {"api_key": "x"}}, "'api_key' looks like a secret"),
        ({"headers": {"PRIVATE-TOKEN": "x"}}, "'PRIVATE-TOKEN' looks like a secret"),
        ({"url": "https://a:99999/b"}, "Port out of range"),
        ({"headers": {"Authorization": "x"}}, "'Authorization' looks like a secret"),
        ({"access": "a", "url": "http://a/b"}, "a secret is sent over https://"),
        ({"auth": "basic"}, "access: names the secret"),
        ({"access": "a", "auth": "header"}, "of `header` and `parameter` it is needed"),
        ({"cursor": "a"}, "cursor and since"),
        ({"cursor": "a", "since": {"parameter": "s", "value": "x"}}, "must hold {cursor}"),
        ({"look_back": 3}, "look_back: only records"),
        ({"pages": {"by": "page"}}, "parameter: pages by page need one"),
        ({"pages": {"by": "cursor", "parameter": "c"}}, "either next or of_last"),
        ({"pages": {"by": "link", "parameter": "c"}}, "parameter: pages by link have none"),
        ({"pages": {"by": "link", "size": 1}}, "say both or neither"),
    ],
)
def test_what_cannot_be_asked_is_refused_as_it_is_read(stated: dict[str, Any], said: str):
    with pytest.raises(ValidationError) as error:
        Rest.model_validate({"url": "https://api.example.com/orders", **stated})
    assert said in str(error.value)


def test_an_api_that_names_itself_without_tls_is_asked_over_it():
    described = Rest.model_validate({"url": "https://api.example.com/orders"})
    with Client(described, None, LIMITS, "shop") as client:
        assert client.own("http://api.example.com/orders?page=2") == "https://api.example.com/orders?page=2"
        for other in ("http://api.example.com:8080/", "https://api.example.com:444/", "https://api.example.com.evil/",
                      "https://api.example.com@evil/", "//evil/orders"):  # fmt: skip
            with pytest.raises(IngestError, match="elsewhere"):
                client.own(other)
