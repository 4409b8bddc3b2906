"""The addresses of models.

Belongs here: method, path, and what the OpenAPI document says. Does not belong here: what they do (``service.ml``).
"""

from __future__ import annotations

from fastapi import APIRouter, Response

from lakehouse_assets.service.ml.documents import Prediction, PredictionWanted, TrainingJob, TrainingWanted
from lakehouse_assets.service.routes.dependencies import Admitted, Id, Served, errors

router = APIRouter(prefix="/ml", tags=["models"], responses=errors())


@router.post("/predict", responses=errors(404, 501))
async def predict(service: Served, asker: Admitted, body: PredictionWanted) -> Prediction:
    """What the model that serves says of an entity by its newest features, or of features that are given.

    Of a key with a tenant the entity is that tenant's.
    """
    return await service.work.run(asker.share, service.models.predict, asker, body)


@router.post("/train", status_code=202, responses=errors(501))
async def train(service: Served, asker: Admitted, body: TrainingWanted, response: Response) -> TrainingJob:
    """Ask for a training, with a key of role writer or admin that is of no tenant.

    One runs at a time; the model serves from then on if it is better than every baseline and the one before.
    """
    job = await service.work.run(asker.share, service.models.train, asker, body)
    response.headers["Location"] = f"/ml/jobs/{job.id}"
    return job


@router.get("/jobs/{id}", responses=errors(404))
async def job(service: Served, asker: Admitted, id: Id) -> TrainingJob:
    """How far a training is, and what became of it; for 30 days."""
    return await service.work.run(asker.share, service.models.job, asker, id)
