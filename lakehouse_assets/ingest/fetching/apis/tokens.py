"""Tokens of OAuth2 for client credentials (RFC 6749, section 4.4): asked for, kept while they hold, asked for again.

Belongs here: one token of one load, in memory alone. Does not belong here: what it is sent with (client).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests
from requests.auth import HTTPBasicAuth

from lakehouse_assets.ingest.described.apis import Auth

ANSWERS_S = (10.0, 30.0)
"""Seconds to connect, and seconds in which at least some byte must come."""
EARLIER_S = 30.0
"""Seconds before its end that a token is taken for over, for answers take time and clocks differ."""
HOLDS_S = 300.0
"""Seconds that a token is taken to hold that does not say."""
_TOLD = 200


class TokenError(Exception):
    """No token is given; `may_pass` is whether one may be a little later."""

    def __init__(self, words: str, *, may_pass: bool = False) -> None:
        """Keep the words, which may hold what the server said."""
        super().__init__(words)
        self.may_pass = may_pass


class Token:
    """The token of one client, as long as it holds."""

    def __init__(self, auth: Auth, secret: str, session: requests.Session) -> None:
        """Nothing is asked yet; `secret` is `client_id:client_secret`."""
        self._auth, self._session = auth, session
        self._client, _, self._secret = secret.partition(":")
        self._text, self._until = "", 0.0

    @property
    def told(self) -> Sequence[str]:
        """What no message may tell: the client's secret, alone and as it is sent, and the token."""
        pair = f"{quote(self._client, safe='')}:{quote(self._secret, safe='')}" if self._secret else ""
        return [text for text in (self._secret, pair, self._text) if text]

    def forget(self) -> None:
        """Have another asked for."""
        self._until = 0.0

    def now(self, body: Callable[[requests.Response], bytes]) -> str:
        """A token that holds.

        Args:
            body: Reads an answer within the limits of the load.

        Raises:
            TokenError: none is given.
            requests.RequestException: the server cannot be reached.
        """
        if time.monotonic() >= self._until:
            self._ask(body)
        return self._text

    def _ask(self, body: Callable[[requests.Response], bytes]) -> None:
        if not self._secret:
            raise TokenError("what `access` names is no `client_id:client_secret`")
        form = {"grant_type": "client_credentials", **self._auth.parameters}
        if self._auth.scope:
            form["scope"] = self._auth.scope
        # None of the headers that the API is sent.
        headers = {**dict.fromkeys(self._session.headers), "accept": "application/json", "user-agent": "asklake"}
        basic = None
        if self._auth.client_in == "body":
            form |= {"client_id": self._client, "client_secret": self._secret}
        else:  # encoded first, as the RFC says in 2.3.1
            basic = HTTPBasicAuth(quote(self._client, safe=""), quote(self._secret, safe=""))
        asked = self._session.post(
            str(self._auth.url), data=form, headers=headers, auth=basic, stream=True, allow_redirects=False,
            timeout=ANSWERS_S,
        )  # fmt: skip
        with asked as response:
            self._read(response, body(response))

    def _read(self, response: requests.Response, text: bytes) -> None:
        try:
            found: Any = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        said = found if isinstance(found, dict) else {}
        if response.status_code != HTTPStatus.OK:
            words = str(said.get("error_description") or said.get("error") or "")[:_TOLD]
            may_pass = response.status_code == HTTPStatus.TOO_MANY_REQUESTS or response.status_code >= 500
            told = f"it answers {response.status_code}" + (f" ({words})" if words else "")
            raise TokenError(told, may_pass=may_pass)
        token, kind = said.get("access_token"), str(said.get("token_type", "bearer"))
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise TokenError("its answer has no access_token")
        if kind.lower() != "bearer":
            raise TokenError(f"its token is of the kind {kind[:_TOLD]}, and not bearer")
        self._text, self._until = token, time.monotonic() + max(1.0, _holds_s(said.get("expires_in")) - EARLIER_S)


def _holds_s(said: Any) -> float:
    """Seconds that a token holds by what its server says, which may be anything."""
    try:
        found = HOLDS_S if said is None or isinstance(said, bool) else float(said)
    except (TypeError, ValueError, OverflowError):
        return HOLDS_S
    return found if 0 <= found < math.inf else HOLDS_S
