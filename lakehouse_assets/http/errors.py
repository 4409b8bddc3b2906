"""The one shape of errors over HTTP.

Belongs here: the shape. Does not belong here: what an exception becomes (service.failures). Nothing of a traceback ever
gets into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

REQUEST_ID = "asklake.request_id"
"""Where a request's scope has its id."""


class Problem(BaseModel):
    """What went wrong, for programs (code) and people (message); details depend on the code."""

    code: str = Field(examples=["unknown_metric"])
    message: str = Field(examples=["There is no metric “pgr_complaint” for you."])
    details: dict[str, Any] = Field(default={}, examples=[{"nearest": ["pgr_complaints"]}])
    request_id: str = Field(examples=["5f1c7b0a9d3e4c55"], description="What the service's log knows the request by.")
    timestamp: datetime = Field(description="When it was, UTC.")


class ErrorDocument(BaseModel):
    """The body of every response that is not a success."""

    error: Problem


class ApiError(Exception):
    """Something the caller should be told."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Keep what the response will say."""
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.details, self.headers = dict(details or {}), dict(headers or {})


def response_of(error: ApiError, request_id: str) -> JSONResponse:
    """An error as a response."""
    problem = Problem(
        code=error.code, message=error.message, details=error.details, request_id=request_id,
        timestamp=datetime.now(UTC),
    )  # fmt: skip
    document = ErrorDocument(error=problem)
    return JSONResponse(document.model_dump(mode="json"), status_code=error.status, headers=error.headers)
