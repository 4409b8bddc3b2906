"""What the exceptions of the service become over HTTP.

Belongs here: the one mapping from exceptions to errors. Does not belong here: their shape (http.errors).
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from lakehouse_assets.http.errors import REQUEST_ID, ApiError, response_of
from lakehouse_assets.http.logs import logger
from nlq.storage.journal import NotRecordedError
from semantic.errors import SemanticError

_OF_FILES = ("GET", "HEAD")
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}


def install(app: FastAPI) -> None:
    """Let the app say its errors in this shape."""
    app.add_exception_handler(ApiError, _say)
    app.add_exception_handler(HTTPException, _say)
    app.add_exception_handler(RequestValidationError, _say)
    app.add_exception_handler(SemanticError, _say)
    app.add_exception_handler(NotRecordedError, _say)


async def _say(request: Request, error: Exception) -> JSONResponse:
    told = as_api_error(error)
    assert told is not None
    if told.status == 405:
        told.headers["Allow"] = ", ".join(_methods(request))
    return response_of(told, request.scope.get(REQUEST_ID, ""))


def _methods(request: Request) -> list[str]:
    """The methods of an address; Starlette tells those of the first of its routes alone."""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    found = {
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    }
    return sorted(found or _OF_FILES)


def as_api_error(error: Exception) -> ApiError | None:
    """What an exception is told as; None where only the log is to know of it."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, SemanticError):
        logger().error("layer_unreadable", problem=str(error))
        reason = "The semantic layer cannot be read now; the log has the reason under the request's id. Ask again."
        return ApiError(503, "layer_unreadable", reason)
    if isinstance(error, NotRecordedError):
        logger().error("not_recorded", reason=str(error))
        message = "Answers cannot be kept at the moment, so none is given; the service's log says why. Ask again later."
        return ApiError(503, "not_recorded", message, headers={"Retry-After": "60"})
    if isinstance(error, RequestValidationError):
        # Of a value that may be of several kinds, each kind says that it is none; what is told first was written by us.
        found = sorted(error.errors(), key=lambda item: item["type"] != "value_error")
        problems = [{"where": _where(i["loc"]), "problem": i["msg"].removeprefix("Value error, ")} for i in found]
        first = problems[0]
        return ApiError(422, "invalid_request", f"{first['where']}: {first['problem']}.", {"problems": problems[:20]})
    if not isinstance(error, HTTPException):
        return None
    message = {404: "There is nothing at this address.", 405: "This address does not take that method."}
    return ApiError(
        error.status_code,
        _CODES.get(error.status_code, "error"),
        message.get(error.status_code, str(error.detail)),
        headers=error.headers,
    )


def _where(location: tuple[int | str, ...]) -> str:
    """The place in the request: body.filters.0.values."""
    return ".".join(str(part) for part in location)[:200]
