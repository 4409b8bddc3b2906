"""The bodies of requests and responses about models.

Belongs here: their fields, bounds and examples. Does not belong here: what is done with them (handlers).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lakehouse_assets.ml.runs.jobs import Job, JobState
from lakehouse_assets.ml.runs.training_run import MOST_MINUTES, USUAL_MINUTES
from nlq.core.utc import Moment

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Value = Annotated[str, Field(max_length=500)] | bool | int | float | None


class PredictionWanted(BaseModel):
    """What is to be predicted: of an entity by its newest features, or of features that are given."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"model": "retail_demand", "entity": {"store_id": "ST001"}}]},
    )

    model: _Name = Field(description="Name of a model.")
    entity: dict[_Name, _Value] | None = Field(
        default=None, max_length=20,
        description="The columns that name the entity; tenant_id follows from the key where that has a tenant.",
    )  # fmt: skip
    features: dict[_Name, _Value] | None = Field(
        default=None, max_length=500, description="All features of the model instead; null for one that is not known."
    )

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if (self.entity is None) == (self.features is None):
            raise ValueError("give entity or features, and not both")
        return self


class Prediction(BaseModel):
    """What a model says."""

    model: str
    version: int = Field(description="Version of the model that says it.")
    problem: Literal["binary", "regression"] = Field(description="Whether it is a probability or a number.")
    says: str = Field(description="What it is a probability, or number, of.")
    value: float
    features_of: date | None = Field(
        description="Day at whose beginning the features held; null where they were given."
    )
    newest_day: date | None = Field(description="Newest day that there are features of.")
    snapshot: str | None = Field(description="Snapshot of the feature table.")
    unseen: list[str] = Field(description="Features with a text that the model did not learn, taken for missing.")
    elapsed_ms: float


class TrainingWanted(BaseModel):
    """What is to be trained."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"target": "retail_demand", "minutes": 2}]}
    )

    target: _Name = Field(description="A declared model, or a column as layer.table.column.")
    features: _Name | None = Field(default=None, description="With a column, the feature view it is predicted by.")
    problem: Literal["binary", "regression"] | None = Field(default=None, description="With a column, of which kind.")
    minutes: float = Field(
        default=USUAL_MINUTES, gt=0, le=MOST_MINUTES, allow_inf_nan=False,
        description="How long it may take; it is ended a minute later.",
    )  # fmt: skip


class TrainingJob(BaseModel):
    """A training that was asked for, and how far it is."""

    id: str
    model: str
    state: JobState
    stage: str = Field(description="What is being done: waiting, starting, reading, searching, judging; ended.")
    tried: int = Field(description="Settings that were tried so far.")
    minutes: float
    outcome: dict[str, Any] | None = Field(
        description="Once it is done: version, whether it was promoted and why or why not, measures beside baselines."
    )
    problem: str | None = Field(description="Why it failed.")
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None

    @classmethod
    def of(cls, job: Job) -> TrainingJob:
        """The document of a job."""
        named = {name: getattr(job, name) for name in cls.model_fields if name != "outcome"}
        return cls(**named, outcome=dict(job.outcome) if job.outcome else None)
