"""The addresses of the API.

Belongs here: method, path, and what the OpenAPI document says of each. Does not belong here: what they do
(``handlers``).
"""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.security import HTTPBearer

from lakehouse_assets.http.errors import ErrorDocument
from lakehouse_assets.service import cookies, models
from lakehouse_assets.service.access import Access, Asker
from lakehouse_assets.service.handlers import Again, Handlers
from lakehouse_assets.service.health import HealthCheck
from lakehouse_assets.service.together import Together
from lakehouse_assets.service.work import Work
from nlq.answering.catalog import Catalog
from nlq.answering.model import Answer


@dataclass(frozen=True)
class Service:
    """The parts that requests are served with."""

    access: Access
    handlers: Handlers
    work: Work
    admitted: Together[Request, Asker]
    known: Together[Again, str | None]
    health: HealthCheck


_bearer = HTTPBearer(
    auto_error=False,
    description="A key made by `asklake key create`. Not needed where a browser holds a session (POST /session), nor "
    "on one's own machine as long as there is no key (`keys_required` of GET /health).",
)


async def _service(request: Request) -> Service:  # FastAPI calls what is not async in a thread
    return request.app.state.service


async def _asker(request: Request, _documented: Annotated[Any, Depends(_bearer)] = None) -> Asker:
    service = await _service(request)
    return await service.admitted.result(request)


def _told(document: str) -> Response:
    """An answer as it was written down, so that it need not be made into JSON once more."""
    return Response(document, media_type="application/json")


Served = Annotated[Service, Depends(_service)]
Admitted = Annotated[Asker, Depends(_asker)]
Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$", description="Its id.")]


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the document says of errors that every address has, and of these besides."""
    says = {
        400: "The body cannot be read.",
        401: "A key is required, or the one sent is not valid, or the session has ended.",
        403: "The caller may not ask this.",
        404: "There is nothing of this id that the caller may see.",
        408: "The body did not arrive in time.",
        409: "There is nothing to read again, or other records were sent by this key.",
        413: "The body is too large.",
        415: "The body is of no kind that is taken here.",
        422: "The request does not fit its schema, or the guard refuses it; the code and details say which.",
        429: "Too many calls; Retry-After says when the next may come.",
        500: "A defect; the log has it under the request's id.",
        507: "The disk has no room for the body.",
        503: "Too much at once, or the data is not there or took too long; ask again later, or for less.",
    }
    every = (400, 401, 403, 408, 413, 422, 429, 500, 503)
    return {s: {"model": ErrorDocument, "description": says[s]} for s in sorted({*every, *statuses})}


open_router = APIRouter(tags=["service"])
router = APIRouter(responses=errors())


@open_router.get("/live")
async def live() -> models.Live:
    """Whether the process serves requests at all; nothing else is looked at."""
    return models.Live()


@open_router.get("/health", responses={503: {"model": models.Health, "description": "It cannot answer."}})
async def health(service: Served, response: Response) -> models.Health:
    """Whether the service can answer, as of a moment ago, and whether it wants a key."""
    found = await service.health.now()
    response.status_code = 200 if found.status == "ok" else 503
    return found


@router.post("/session", tags=["session"], status_code=201)
async def open_session(
    service: Served, request: Request, response: Response, body: models.OpenSession
) -> models.SessionDocument:
    """Take a key once and let the browser hold a session instead, in a cookie that no script can read.

    For pages. Programs send their key with each call and need no session. What a session sends has to come from a page
    of this service, as the browser tells by `Sec-Fetch-Site` or `Origin`.
    """
    session, text = await service.work.quick(service.access.open_session, request, body.key.get_secret_value())
    cookies.give(request, response, session, text)
    return models.SessionDocument.of(session, keys_required=True)


@router.get("/session", tags=["session"])
async def session(service: Served, request: Request) -> models.SessionDocument:
    """Whether this browser holds a session, and of which key; never the key itself."""
    return await service.work.quick(_session_document, service.access, request)


def _session_document(access: Access, request: Request) -> models.SessionDocument:
    session = access.session(request)
    required = access.keys_required()
    return models.SessionDocument.of(session, keys_required=required, way_back=access.way_back())


@router.delete("/session", tags=["session"], status_code=204)
async def end_session(service: Served, request: Request, response: Response) -> None:
    """End this browser's session, here and in its cookie."""
    await service.work.quick(service.access.end_session, request)
    cookies.take(request, response)


@router.get("/catalog", tags=["catalog"])
async def catalog(
    service: Served,
    asker: Admitted,
    search: Annotated[str, Query(max_length=200, description="Only what contains these words.")] = "",
) -> Catalog:
    """What the caller can ask about: metrics, dimensions, their values, and questions to begin with."""
    return await service.work.run(asker.share, service.handlers.catalog, asker, search)


@router.post("/nlq", tags=["questions"], response_model=Answer)
async def nlq(service: Served, asker: Admitted, body: models.Ask) -> Any:
    """Answer a question in words.

    The outcome says what came of it: answered, clarify (with choices, each a plan for POST /query), refused (with the
    nearest that exists) or failed. The answer has its rows, a sentence, the plan, the SQL, and how fresh the data is.
    """
    known = await service.known.result(Again(asker, body, copy_context()))
    return _told(known or await service.work.run(asker.share, service.handlers.ask, asker, body))


@router.post("/query", tags=["questions"], response_model=Answer)
async def query(service: Served, asker: Admitted, body: models.Query) -> Any:
    """Answer figures asked for by name; the same path as a question, without the words."""
    return _told(await service.work.run(asker.share, service.handlers.query, asker, body))


@router.post("/questions", tags=["queue"], status_code=202)
async def enqueue(
    service: Served, asker: Admitted, body: models.Enqueue, response: Response
) -> models.QuestionDocument:
    """Put a question into the queue; the daemon answers it within seconds."""
    question = await service.work.quick(service.handlers.enqueue, asker, body)
    response.headers["Location"] = f"/questions/{question.id}"
    return question


@router.get("/questions/{question_id}", tags=["queue"], responses=errors(404))
async def queued(service: Served, asker: Admitted, question_id: Id) -> models.QuestionDocument:
    """Where a question of the queue stands, and its answer."""
    return await service.work.run(asker.share, service.handlers.queued, asker, question_id)


@router.get("/answers/{answer_id}", tags=["answers"], responses=errors(404))
async def answer(service: Served, asker: Admitted, answer_id: Id) -> Answer:
    """An answer given before, as it was given."""
    return await service.work.run(asker.share, service.handlers.answer, asker, answer_id)


@router.get("/answers/{answer_id}/replay", tags=["answers"], responses=errors(404, 409))
async def replay(service: Served, asker: Admitted, answer_id: Id) -> models.Replay:
    """An answer given before, read again from the snapshots it was read from."""
    return await service.work.run(asker.share, service.handlers.replay, asker, answer_id)


@router.post("/answers/{answer_id}/feedback", tags=["answers"], status_code=201, responses=errors(404))
async def feedback(service: Served, asker: Admitted, answer_id: Id, body: models.Feedback) -> models.FeedbackGiven:
    """Say whether an answer is right; it is kept with the answer."""
    return await service.work.run(asker.share, service.handlers.judge, asker, answer_id, body)
