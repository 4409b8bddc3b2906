"""The cookie that holds a browser's session.

Belongs here: its name and its attributes. Does not belong here: what a session is (``nlq.storage.keys``), or who may
ask (``access``).

Scripts never see it (HttpOnly), a page of another site never has it sent (SameSite=Strict), and under HTTPS it never
travels in clear nor comes from another host (Secure, and the prefix `__Host-` of RFC 6265bis). Cookies do not know
ports, so the name has the port: two services of one machine do not end each other's sessions.
"""

from __future__ import annotations

from fastapi import Request, Response

from nlq.core.utc import utc_now
from nlq.storage.keys import Session


def read(request: Request) -> str | None:
    """What a browser holds of a session, if anything."""
    return request.cookies.get(_name(request))


def give(request: Request, response: Response, session: Session, text: str) -> None:
    """Let the browser hold a session until it ends."""
    seconds = max(0, round((session.expires_at - utc_now()).total_seconds()))
    secure = _secure(request)
    response.set_cookie(_name(request), text, max_age=seconds, secure=secure, httponly=True, samesite="strict")


def take(request: Request, response: Response) -> None:
    """Let the browser hold no session."""
    response.delete_cookie(_name(request), secure=_secure(request), httponly=True, samesite="strict")


def _name(request: Request) -> str:
    port = request.url.port
    return f"{'__Host-' if _secure(request) else ''}asklake{f'-{port}' if port else ''}"


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"
