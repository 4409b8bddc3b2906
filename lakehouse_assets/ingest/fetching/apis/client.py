"""Asking an API over HTTP: one answer at a time, whole or not at all, and never longer or larger than allowed.

Belongs here: requests, the secret that is sent, retries, redirects and limits. Does not belong here: tokens that are
asked for with the secret (tokens), which page is asked for (pages), or what stands in an answer (documents).

The secret is sent to the host that the source names and to no other: redirects and URLs of next pages that lead
elsewhere are refused. Nothing is taken from the environment, neither proxies nor `.netrc`. No error tells a query, for
a secret may stand there, nor a word of the answer that has a piece of the secret.
"""

from __future__ import annotations

import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential
from urllib3.exceptions import HTTPError, InvalidHeader, ReadTimeoutError
from urllib3.util import Retry

from lakehouse_assets.ingest.described.apis import Auth, Rest
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.apis.connections import Adapter, Session, Sockets
from lakehouse_assets.ingest.fetching.apis.tokens import Token, TokenError
from lakehouse_assets.redaction import HIDDEN, redacted

TRIES = 6
CONNECT_S, SILENT_S = 10.0, 60.0
"""Seconds to connect, and seconds in which at least some byte must come."""
MOST_REDIRECTS = 5
BLOCK = 64 << 10
TOLD = 200
"""Characters of a refusal that are told."""
_PASSING = (408, 425, 429, 500, 502, 503, 504)
"""What may be otherwise a little later."""
_REPEATED = (307, 308)
"""Redirects that ask for the same to be sent elsewhere."""
_REFUSED = {401: "the secret is wrong, or none is sent", 403: "the secret may not read this"}
_PIECE = 4
"""Characters in a row that a word has in common with the secret, so that it is not told."""
_JSON = "application/json"
_wait_longer = wait_random_exponential(multiplier=1, max=60)


@dataclass(frozen=True)
class Limits:
    """What one load may take.

    Attributes:
        page: Bytes of one answer.
        load: Bytes of all answers.
        pages: How many there may be.
        seconds: How long it may take.
    """

    page: int
    load: int
    pages: int
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What an API answered.

    Attributes:
        url: What was asked, for what it refers to.
        text: The body.
        next_link: The URL that its header `Link` calls the next.
        is_empty: Whether it says that there is nothing to tell.
    """

    url: str
    text: str
    next_link: str | None
    is_empty: bool = False


class HalfAnswerError(Exception):
    """An answer ended before it was whole."""


class _PassingError(Exception):
    """What may be otherwise a little later; `after_s` is how long the API asks to wait."""

    def __init__(self, words: str, after_s: float | None = None, hint: str = "") -> None:
        super().__init__(words)
        self.words, self.after_s, self.hint = words, after_s, hint


class Client:
    """Asks one API; a context, which lets go of its connections at the end."""

    def __init__(
        self, described: Rest, secret: str | None, limits: Limits, place: str, *, tries: int = TRIES, ca: str = ""
    ) -> None:
        """Nothing is asked yet.

        Args:
            described: What the source says.
            secret: What is sent so that the API answers.
            limits: What one load may take.
            place: What an error names as the place.
            tries: How often something is asked for that may come a little later.
            ca: File of the certificates that the API's is signed by, instead of those that are known to all.
        """
        self._tries = tries
        self._described, self._secret, self._limits, self._place = described, secret, limits, place
        self._auth = described.auth or Auth.model_validate({})
        self._session = Session()
        self._sockets = Sockets()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Adapter(self._sockets))
        self._session.trust_env = False
        self._session.verify = ca or True
        self._session.headers.update({"accept": _JSON, "user-agent": "asklake", **described.headers})
        if secret is not None:
            self._session.headers.update(self._header(secret))
        self._token: Token | None = None
        if secret is not None and self._auth.by == "oauth2":
            self._token = Token(self._auth, secret, self._session)
        self._until = time.monotonic() + limits.seconds
        self._end = threading.Timer(limits.seconds, self._sockets.end)
        self._end.daemon = True
        self.received = 0

    def __enter__(self) -> Client:
        """Nothing is opened; the time of the load runs."""
        self._end.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the connections."""
        self._end.cancel()
        self._session.close()

    def get(
        self,
        url: str,
        parameters: Mapping[str, str],
        read: Callable[[Answer], Any],
        end_status: int | None = None,
        body: bytes | None = None,
    ) -> Any:
        """Ask, again where it may help, and read the answer.

        Args:
            url: What is asked: that of the source, or one of the same host that the API gave.
            parameters: Query parameters, instead of those of their names in the URL.
            read: What is made of the answer; raises HalfAnswerError where it is not whole.
            end_status: Status by which the API says that there is nothing to tell, besides 204.
            body: JSON that is sent, by POST; it changes nothing there, so that it may be sent again.

        Raises:
            IngestError: there is no answer that can be read; the message holds neither the secret nor a query.
        """
        retrying = Retrying(
            stop=lambda state: stop_after_attempt(self._tries)(state) or self._is_too_late(state),
            wait=_wait, retry=retry_if_exception_type(_PassingError), reraise=True,
        )  # fmt: skip
        try:
            return retrying(self._once, self.own(url), parameters, read, end_status, body)
        except _PassingError as error:
            hint = error.hint or "Nothing was loaded; load it again later."
            waits = f", and asks to wait {error.after_s:,.0f} s" if error.after_s else ""
            raise self._error(f"{error.words}{waits}", hint) from None

    def _once(
        self,
        url: str,
        parameters: Mapping[str, str],
        read: Callable[[Answer], Any],
        end_status: int | None,
        body: bytes | None,
    ) -> Any:
        answer = self._answer(url, parameters, (HTTPStatus.NO_CONTENT, end_status), body)
        try:
            return read(answer)
        except HalfAnswerError as error:
            raise _PassingError(f"an answer is not whole: {error}") from None

    def _answer(
        self, url: str, parameters: Mapping[str, str], empty: Collection[int | None], sent: bytes | None
    ) -> Answer:
        asked, renewed = self._with(url, parameters), False
        for _ in range(MOST_REDIRECTS + 1):
            self._authorize()
            with self._passing(), self._asking(asked, sent) as response:
                if target := self._session.target(response):
                    if sent is not None and response.status_code not in _REPEATED:
                        raise self._error("it redirects what is sent to it", "State the URL that answers as `url`.")
                    asked = self._with(self.joined(asked, target, "redirects"), {})
                    continue
                if response.status_code == HTTPStatus.UNAUTHORIZED and self._token and not renewed:
                    renewed = True
                    self._token.forget()  # it may have been taken back before its time
                    continue
                body = self._body(response)
                is_empty = response.status_code in empty
                if not is_empty:
                    self._refuse(response, body)
                link = response.links.get("next", {}).get("url")
                return Answer(asked, "" if is_empty else self._text(response, body), link, is_empty)
        raise self._error(f"it redirects more than {MOST_REDIRECTS} times", "State the URL that it leads to as `url`.")

    def _asking(self, url: str, sent: bytes | None) -> requests.Response:
        method, headers = ("GET", {}) if sent is None else ("POST", {"content-type": _JSON})
        return self._session.request(
            method, url, data=sent, headers=headers, stream=True, allow_redirects=False, timeout=(CONNECT_S, SILENT_S)
        )

    def _authorize(self) -> None:
        """Let a token that is asked for be sent; a new one where it is over.

        Raises:
            _PassingError: none is given at the moment.
            IngestError: none is given.
        """
        if self._token is None:
            return
        try:
            with self._passing():
                self._session.headers["authorization"] = f"Bearer {self._token.now(self._body)}"
        except TokenError as error:
            words = f"no token is given: {self.without_secret(str(error))}"
            if error.may_pass:
                raise _PassingError(words) from None
            raise self._error(words, "Compare `auth` of the source and ASKLAKE_SOURCE_ACCESS with the API.") from None

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, decompressed.

        Raises:
            IngestError: it is longer than allowed, or takes longer.
        """
        found = bytearray()
        # Not `iter_content`: that waits for a whole block, however slowly its bytes come.
        while block := response.raw.read1(BLOCK, decode_content=True):
            found += block
            self.received += len(block)
            if len(found) > self._limits.page:
                hint = "Ask for smaller pages by `pages.size`, or raise ASKLAKE_API_PAGE_MOST."
                raise self._error(f"an answer is longer than {self._limits.page:,} bytes", hint)
            if self.received > self._limits.load:
                hint = "Raise ASKLAKE_API_LOAD_MOST, or ask for less at once."
                raise self._error(f"the answers are longer than {self._limits.load:,} bytes together", hint)
            self._refuse_late()
        self._refuse_late()  # what was ended may look whole
        return bytes(found)

    def _refuse_late(self) -> None:
        if time.monotonic() >= self._until:
            raise self._error(f"reading takes longer than {self._limits.seconds:,.0f} s", "Raise ASKLAKE_API_TIME.")

    def _refuse(self, response: requests.Response, body: bytes) -> None:
        """Refuse an answer that is none.

        Raises:
            _PassingError: another may come later.
            IngestError: none will.
        """
        if response.status_code == HTTPStatus.OK:
            return
        said = " ".join(body[: 4 * TOLD].decode(errors="replace").split())[:TOLD]
        told = f"{response.status_code} {' '.join((response.reason or '').split())[:TOLD]}".strip()
        told += f": {said}" if said and not said.startswith("<") else ""
        told = f"it answers {self.without_secret(told)}"
        after_s = _seconds(response.headers.get("retry-after"))
        if response.status_code in _PASSING or after_s is not None:
            raise _PassingError(told, after_s)
        reason = _REFUSED.get(response.status_code)
        hint = "Compare url and parameters of the source with what the API says of itself."
        if reason:
            hint = f"Perhaps {reason}: see `access` and `auth` of the source, and ASKLAKE_SOURCE_ACCESS."
        raise self._error(told, hint)

    def _text(self, response: requests.Response, body: bytes) -> str:
        stated = requests.utils.get_encoding_from_headers(response.headers)
        given = "charset" in response.headers.get("content-type", "").lower()
        try:
            return body.decode(stated if given and stated else "utf-8").removeprefix("\ufeff")
        except (LookupError, ValueError):
            hint = "Nothing was loaded; ask those who run the API."
            raise self._error("an answer is not in the encoding that it says, or not in UTF-8", hint) from None

    @contextmanager
    def _passing(self) -> Iterator[None]:
        """Around a request: what becomes of a connection in words, without what was asked."""
        try:
            yield
        except requests.exceptions.SSLError:
            raise self._error("its certificate cannot be trusted", "Check the host of `url`.") from None
        except (requests.Timeout, TimeoutError, ReadTimeoutError):
            self._refuse_late()
            raise _PassingError("it does not answer in time") from None
        except HTTPError:
            self._refuse_late()
            raise _PassingError("an answer is not whole") from None
        except OSError as error:
            if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidHeader):
                raise self._error("the URL or a header cannot be sent", "Check url, headers and access.") from None
            self._refuse_late()
            raise _PassingError("it cannot be reached", hint="Check host and port of `url`.") from None
        except UnicodeError:
            raise self._error("the URL or a header cannot be sent", "Check url, headers and access.") from None

    def _is_too_late(self, state: RetryCallState) -> bool:
        return time.monotonic() + state.upcoming_sleep > self._until

    def joined(self, asked: str, url: str, does: str = "names a next page") -> str:
        """The URL that an answer names, which may be told from what was asked; see `own`.

        Raises:
            IngestError: it is none, or of another host.
        """
        try:
            found = urljoin(asked, url)
            _server(urlsplit(found))
        except ValueError:
            hint = "Nothing was loaded; ask those who run the API."
            raise self._error(f"it {does} by what is no URL", hint) from None
        return self.own(found, does)

    def own(self, url: str, does: str = "names a next page") -> str:
        """The URL, if it is of the host that the source names; over TLS, if that one is.

        Raises:
            IngestError: it is of another.
        """
        base, found = urlsplit(self._described.url), urlsplit(url)
        if base.scheme == "https" and found.scheme == "http" and (found.port or 80) == 80 and base.port is None:
            found = found._replace(
                scheme="https", netloc=found.hostname or ""
            )  # as APIs behind a proxy name themselves
        if _server(base) != _server(found) or found.username is not None:
            where = f"{found.scheme}://{found.hostname or ''}"
            hint = "Only the host that the source names is asked: state the other one as `url`, if it is the API."
            raise self._error(f"it {does} elsewhere, on {self.without_secret(where)}", hint)
        return urlunsplit(found._replace(fragment=""))

    def _with(self, url: str, parameters: Mapping[str, str]) -> str:
        """The URL with parameters, and the secret where it is one of them."""
        if self._secret is not None and self._auth.by == "parameter":
            parameters = {**parameters, str(self._auth.name): self._secret}
        if not parameters:
            return url
        found = urlsplit(url)
        kept = [(n, v) for n, v in parse_qsl(found.query, keep_blank_values=True) if n not in parameters]
        try:
            query = urlencode([*kept, *parameters.items()], quote_via=quote)
        except UnicodeEncodeError:
            hint = "Nothing was loaded; ask those who run the API."
            raise self._error("what leads to the next page is no text", hint) from None
        return urlunsplit(found._replace(query=query))

    def _header(self, secret: str) -> dict[str, str]:
        match self._auth.by:
            case "bearer":
                return {"authorization": f"Bearer {secret}"}
            case "basic":
                return {"authorization": f"Basic {b64encode(secret.encode()).decode()}"}
            case "header":
                return {str(self._auth.name): secret}
            case _:
                return {}

    def without_secret(self, text: str) -> str:
        """A text of the API without any word that has a piece of the secret."""
        if not self._secret:
            return redacted(text)
        told = [self._secret, *(self._token.told if self._token else ())]
        forms = [form for text in told for form in (text, quote(text, safe=""), b64encode(text.encode()).decode())]
        pieces = {form[i : i + _PIECE] for form in forms for i in range(max(1, len(form) - _PIECE + 1))}
        words = [HIDDEN if any(p in word for p in pieces) else word for word in re.split(r"(\s+)", text)]
        return redacted("".join(words), tuple(forms))

    def _error(self, words: str, hint: str) -> IngestError:
        return IngestError(self._place, words, hint=hint)


def _server(url: Any) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _seconds(stated: str | None) -> float | None:
    """What a header Retry-After asks for, in seconds; None where it is none."""
    try:
        return Retry().parse_retry_after(stated) if stated else None
    except (InvalidHeader, ValueError, OverflowError):  # a number of thousands of digits, or a year that there is none
        return None


def _wait(state: RetryCallState) -> float:
    """As long as the API asks for, or a random time that grows; so, too, where the moment that it names is over."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after_s if isinstance(error, _PassingError) else None
    return asked or _wait_longer(state)
