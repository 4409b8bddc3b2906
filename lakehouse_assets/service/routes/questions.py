"""The addresses of questions and answers.

Belongs here: method, path, and what the OpenAPI document says of each. Does not belong here: what they do
(``handlers``).
"""

from __future__ import annotations

from contextvars import copy_context
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from lakehouse_assets.service.questions import models
from lakehouse_assets.service.questions.handlers import Again
from lakehouse_assets.service.routes.dependencies import Admitted, Id, Served, errors
from nlq.answering.catalog import Catalog
from nlq.answering.document.chart import Kind
from nlq.answering.document.drawing import Drawing
from nlq.answering.document.model import Answer

router = APIRouter(responses=errors())


def _told(document: str) -> Response:
    """An answer as it was written down, so that it need not be made into JSON once more."""
    return Response(document, media_type="application/json")


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

    The outcome says what came of it: answered, found (passages of text, a row each, where no figure is asked for),
    clarify (with choices, each a plan for POST /query), refused (with the nearest that exists) or failed. The answer
    has its rows, a sentence, the plan, the SQL, and how fresh the data is.
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


@router.get("/answers/{answer_id}/chart", tags=["answers"], responses=errors(404))
async def chart(
    service: Served,
    asker: Admitted,
    answer_id: Id,
    kind: Annotated[
        Kind | None, Query(description="One of the drawing's `kinds`; the answer's own if left out.")
    ] = None,
) -> Drawing:
    """An answer given before as a picture: a Vega-Lite document with its data, and what it may be changed to."""
    return await service.work.run(asker.share, service.handlers.chart, asker, answer_id, kind)


@router.get("/answers/{answer_id}/replay", tags=["answers"], responses=errors(404, 409))
async def replay(service: Served, asker: Admitted, answer_id: Id) -> models.Replay:
    """An answer given before, read again from the snapshots it was read from."""
    return await service.work.run(asker.share, service.handlers.replay, asker, answer_id)


@router.post("/answers/{answer_id}/feedback", tags=["answers"], status_code=201, responses=errors(404))
async def feedback(service: Served, asker: Admitted, answer_id: Id, body: models.Feedback) -> models.FeedbackGiven:
    """Say whether an answer is right; it is kept with the answer."""
    return await service.work.run(asker.share, service.handlers.judge, asker, answer_id, body)
