"""Predicting and training for who was admitted, without HTTP.

Belongs here: who may, whose entity that is, and the errors of it. Does not belong here: predicting and training (ml),
the addresses (routes).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_assets.domains import contract_of
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.ml.declared import ModelError, ModelSpec, all_models, find_model, wanted_model
from lakehouse_assets.ml.libraries import ModelsMissingError, refuse_missing
from lakehouse_assets.ml.registry.registry import NoVersionError
from lakehouse_assets.ml.runs.jobs import Jobs, TooManyJobsError
from lakehouse_assets.ml.serving.single import NoFeaturesError, Predicted, Predictions, WrongFeaturesError
from lakehouse_assets.service.admission.access import WRITERS, Asker
from lakehouse_assets.service.ml.documents import Prediction, PredictionWanted, TrainingJob, TrainingWanted
from lakehouse_assets.service.questions.handlers import vocabulary_of
from nlq.answering.answer import Answerer
from nlq.core.guard import ROLES, TENANT_COLUMN

_RETRY_S = 60


@dataclass(frozen=True)
class ModelHandlers:
    """The parts that models need. Its methods wait for a database: call them in worker threads."""

    predictions: Predictions
    jobs: Jobs
    answerer: Answerer

    def predict(self, asker: Asker, wanted: PredictionWanted) -> Prediction:
        """What the model that serves says; of whose entity follows from the key.

        Raises:
            ApiError: the asker may not ask it, or there is no such model, version, entity or feature.
        """
        began = time.perf_counter()
        spec = self._visible(asker, wanted.model)
        try:
            if wanted.features is not None:
                found = self.predictions.of_features(spec, wanted.features)
            else:
                found = self.predictions.of_entity(spec, self._own(asker, spec, wanted.entity or {}))
        except NoVersionError as error:
            raise ApiError(404, "no_version", _sentence(error)) from None
        except NoFeaturesError as error:
            raise ApiError(404, "unknown_entity", _sentence(error)) from None
        except WrongFeaturesError as error:
            raise ApiError(422, "wrong_features", _sentence(error)) from None
        except ModelsMissingError as error:
            raise ApiError(501, "not_installed", str(error)) from None
        return _document(spec, found, (time.perf_counter() - began) * 1000)

    def train(self, asker: Asker, wanted: TrainingWanted) -> TrainingJob:
        """Ask for a training; it begins when no other runs.

        Raises:
            ApiError: the asker may train nothing, there is no such target, or too many wait.
        """
        _refuse_who_may_not_train(asker)
        try:
            refuse_missing()
            spec = wanted_model(wanted.target, wanted.features, wanted.problem)
            return TrainingJob.of(self.jobs.add(asker.share, spec, wanted.minutes))
        except ModelsMissingError as error:
            raise ApiError(501, "not_installed", str(error)) from None
        except ModelError as error:
            raise ApiError(422, "wrong_target", _sentence(error), {"known": sorted(all_models())}) from None
        except TooManyJobsError as error:
            raise ApiError(503, "too_many_jobs", _sentence(error), headers={"Retry-After": str(_RETRY_S)}) from None

    def job(self, asker: Asker, job_id: str) -> TrainingJob:
        """A training that the asker asked for; an admin sees those of others.

        Raises:
            ApiError: there is none.
        """
        _refuse_who_may_not_train(asker)
        job = self.jobs.find(job_id)
        if job is None or (job.owner != asker.share and asker.caller.role != "admin"):
            raise ApiError(404, "unknown_job", "There is no training of this id that you may see.")
        return TrainingJob.of(job)

    def close(self) -> None:
        """End what is under way."""
        self.jobs.close()
        self.predictions.close()

    def _visible(self, asker: Asker, name: str) -> ModelSpec:
        """The model, if the asker may see any figure of its domain."""
        figures = [*vocabulary_of(self.answerer, asker).metrics.values(), *self.answerer.unpublished(asker.caller)]
        domains = {metric.domain for metric in figures}
        seen = sorted(n for n, spec in all_models().items() if contract_of(spec.view.table).domain in domains)
        if not seen:
            raise ApiError(403, "forbidden", f"The role {asker.caller.role} is shown nothing that models say.")
        if name not in seen:
            raise ApiError(404, "unknown_model", f"There is no model “{name}” for you.", {"nearest": seen})
        return find_model(name)

    def _own(self, asker: Asker, spec: ModelSpec, entity: Mapping[str, Any]) -> Mapping[str, Any]:
        """The entity, of the asker's tenant where it has one."""
        tenant, columns = asker.caller.tenant, spec.view.entity
        if not ROLES[asker.caller.role].personal:
            dimensions = vocabulary_of(self.answerer, asker).dimensions
            if personal := [c for c in columns if any(_column(n) == c and d.personal for n, d in dimensions.items())]:
                message = f"{', '.join(personal)} tells of a person: only an admin may choose by it."
                raise ApiError(403, "personal", message)
        if tenant is None:
            return entity
        if TENANT_COLUMN not in columns:
            raise ApiError(403, "forbidden", f"What {spec.name} goes by is of no tenant, and this key is of one.")
        if entity.get(TENANT_COLUMN, tenant) != tenant:
            raise ApiError(403, "forbidden", "This key is of another tenant; leave tenant_id out.")
        return {**entity, TENANT_COLUMN: tenant}


def _refuse_who_may_not_train(asker: Asker) -> None:
    if asker.key_id is not None and asker.caller.role not in WRITERS:
        message = "This key is for asking; `asklake key create NAME --role writer` makes one that may train."
        raise ApiError(403, "forbidden", message)
    if asker.caller.tenant is not None:
        message = "A model learns from all tenants and serves all of them: a key of one tenant trains none."
        raise ApiError(403, "forbidden", message)


def _document(spec: ModelSpec, found: Predicted, elapsed_ms: float) -> Prediction:
    return Prediction(
        model=spec.name, version=found.version, problem=spec.problem, says=spec.description, value=found.value,
        features_of=found.day, newest_day=found.newest, unseen=list(found.unseen), elapsed_ms=round(elapsed_ms, 2),
        snapshot=str(found.snapshot) if found.snapshot is not None else None,
    )  # fmt: skip


def _column(dimension: str) -> str:
    return dimension.rsplit("__", 1)[-1]


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
