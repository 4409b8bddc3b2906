"""The registry: every training as a run of MLflow, every model as a version, and which of them serves.

Locally its database is SQLite and its files lie in the data folder; on the cluster PostgreSQL, in a schema of its own,
and the bucket of the tables. What a version is are two texts, the model and its card, which are read, never run.
Belongs here: MLflow and those files. Does not belong here: what a model is, or whether it is promoted.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import fsspec
import sqlalchemy as sa

from lakehouse_assets.ml import libraries
from lakehouse_assets.ml.model.predictor import Predictor
from lakehouse_assets.ml.registry.card import card_of
from lakehouse_assets.ml.training.training import Trained, explained
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    from lakehouse_assets.ml.declared import ModelSpec
    from lakehouse_assets.settings import Settings

SERVING = "serving"
"""Alias of the version that serves."""
SCHEMA = "asklake_models"
"""Schema of PostgreSQL that MLflow's tables are in: Dagster has tables of the same name."""
_MODEL, _CARD, _FACTS = "model.json.z", "card.md", "facts.json"
_MOST_BYTES = 64 << 20


class NoVersionError(LookupError):
    """There is no such version of a model, or none that serves."""


@dataclass(frozen=True)
class Version:
    """A version of a model.

    Attributes:
        name: Of the model.
        number: Of the version, from 1.
        source: Folder that its files are in.
        is_serving: Whether it serves.
        made_at_ms: When it was registered, milliseconds since 1970.
    """

    name: str
    number: int
    source: str
    is_serving: bool
    made_at_ms: int


class Registry:
    """The registry of the profile; opened with the first use, which loads MLflow."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._settings = settings

    @property
    def exists(self) -> bool:
        """Whether anything may be kept in it; without, it need not be opened, which takes seconds."""
        settings = self._settings
        return settings.parts.state != "sqlite" or (settings.models_dir / "mlflow.db").is_file()

    def record(self, spec: ModelSpec, trained: Trained, snapshots: Mapping[str, int]) -> Version:
        """Keep a model with all that is known of it; of one that was promoted, that it serves from now on."""
        facts = {
            "model": spec.model_dump(mode="json"), "features": list(trained.predictor.encoder.columns),
            "snapshots": dict(snapshots), **explained(trained),
        }  # fmt: skip
        client = self._client
        run = client.create_run(self._experiment(spec.name), tags={"verdict": trained.verdict})
        run_id, source = run.info.run_id, run.info.artifact_uri
        for key, value in {"kind": trained.recipe.kind, "rounds": trained.recipe.rounds, "seed": trained.recipe.seed,
                           **trained.recipe.settings, **{f"rows_{k}": v for k, v in trained.rows.items()},
                           **{f"snapshot_{k}": v for k, v in snapshots.items()}}.items():  # fmt: skip
            client.log_param(run_id, key, value)
        for key, value in trained.measures.items():
            client.log_metric(run_id, key, value)
        files = {
            _MODEL: zlib.compress(json.dumps(trained.predictor.document()).encode()),
            _CARD: card_of(spec, facts).encode(),
            _FACTS: json.dumps(facts, indent=1, default=str).encode(),
        }
        for name, content in files.items():
            with self._files.open(f"{source}/{name}", "wb") as file:
                file.write(content)
        client.set_terminated(run_id)
        if not client.search_registered_models(f"name = '{spec.name}'"):
            client.create_registered_model(spec.name, description=spec.description)
        made = client.create_model_version(spec.name, source, run_id=run_id, description=trained.verdict)
        if trained.promoted:
            client.set_registered_model_alias(spec.name, SERVING, made.version)
        return Version(spec.name, int(made.version), source, trained.promoted, made.creation_timestamp)

    def versions(self, name: str) -> list[Version]:
        """Every version of a model, the newest first; none if it was never trained."""
        found = self._client.search_model_versions(f"name = '{name}'")
        serving = self._serving_number(name)
        made = [Version(name, int(v.version), v.source, int(v.version) == serving, v.creation_timestamp) for v in found]
        return sorted(made, key=lambda v: -v.number)

    def names(self) -> list[str]:
        """The models that have any version, by name."""
        return sorted(m.name for m in self._client.search_registered_models())

    def serving(self, name: str) -> Version | None:
        """The version that serves; None if none does."""
        return next((v for v in self.versions(name) if v.is_serving), None)

    def version(self, name: str, number: int | None = None) -> Version:
        """A version by its number; the one that serves, or else the newest, without.

        Raises:
            NoVersionError: there is none.
        """
        found = self.versions(name)
        chosen = [v for v in found if v.number == number] if number else [v for v in found if v.is_serving] or found
        if not chosen:
            which = f"no version {number} of model '{name}'" if number else f"no version of model '{name}'"
            raise NoVersionError(f"there is {which}: `asklake train --target {name}` makes one")
        return chosen[0]

    def predictor(self, version: Version) -> Predictor:
        """The model of a version.

        Raises:
            ValueError: its file is no model, or larger than any.
        """
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(self._read(version, _MODEL), _MOST_BYTES)
        if unpacking.unconsumed_tail:
            raise ValueError(f"model '{version.name}', version {version.number}, is larger than any model")
        return Predictor.read(json.loads(text))

    def facts(self, version: Version) -> dict[str, Any]:
        """All that was noted of a version: features, snapshots, recipe, rows, measures, verdict."""
        return json.loads(self._read(version, _FACTS))

    def card(self, version: Version) -> str:
        """The card of a version, as Markdown."""
        return self._read(version, _CARD).decode()

    def promote(self, version: Version) -> None:
        """Let a version serve, whatever was found when it was judged: what a person decides."""
        self._client.set_registered_model_alias(version.name, SERVING, str(version.number))

    def _read(self, version: Version, name: str) -> bytes:
        with self._files.open(f"{version.source}/{name}", "rb") as file:
            return file.read()

    def _serving_number(self, name: str) -> int | None:
        found = self._client.search_registered_models(f"name = '{name}'")
        return int(n) if found and (n := found[0].aliases.get(SERVING)) else None

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        return found.experiment_id if found else self._client.create_experiment(name, f"{self._root}/{name}")

    @cached_property
    def _client(self) -> Any:
        tracking = libraries.mlflow_tracking()
        url = self._database()
        return tracking.MlflowClient(tracking_uri=url, registry_uri=url)

    def _database(self) -> str:
        """Address of the database, in which there is the schema for it."""
        settings = self._settings
        if settings.parts.state == "sqlite":
            make_folder(settings.models_dir)
            return f"sqlite:///{settings.models_dir / 'mlflow.db'}"
        url = sa.make_url(settings.postgres_sqlalchemy_url)
        engine = sa.create_engine(url)
        with engine.begin() as con:
            con.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
        engine.dispose()
        return url.update_query_dict({"options": f"-csearch_path={SCHEMA}"}).render_as_string(hide_password=False)

    @cached_property
    def _root(self) -> str:
        """Where files lie."""
        settings = self._settings
        if settings.parts.tables == "folder":
            return (settings.models_dir / "files").as_uri()
        return f"{settings.warehouse_url.rstrip('/')}/models"

    @cached_property
    def _files(self) -> Any:
        if self._settings.parts.tables == "folder":
            return fsspec.filesystem("file", auto_mkdir=True)
        return fsspec.filesystem("s3", **self._settings.s3_options)
