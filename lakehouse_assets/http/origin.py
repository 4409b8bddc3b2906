"""Which page a browser's request comes from, so that a page elsewhere cannot act with what the browser holds.

Belongs here: reading `Sec-Fetch-Site` and `Origin`. Does not belong here: who calls (``service.access``), or the
cookie (``cookies``).

A browser sends a session's cookie, and reaches this machine, whatever page made the request. So what rests on either
looks at where the request came from; what carries its key in `Authorization` does not, for no page can have a browser
add that. The headers are those of the Fetch standard and its "Fetch Metadata" companion of the W3C; scripts can set
neither.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from fastapi.requests import HTTPConnection

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Whence = Literal["here", "elsewhere", "unknown"]


def whence(request: HTTPConnection) -> Whence:
    """Where a request came from; unknown where it says nothing of it, as programs that are no browser do.

    `Sec-Fetch-Site` is believed first: it holds behind a proxy that gives the service another name. Browsers leave it
    out where a page came by plain HTTP from another machine; then `Origin` has to name this host, whatever its scheme.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return "here" if site in ("same-origin", "none") else "elsewhere"
    origin = request.headers.get("origin")
    if origin is None:
        return "unknown"
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return "elsewhere"
    return "here" if host and host.casefold() == request.headers.get("host", "").casefold() else "elsewhere"
