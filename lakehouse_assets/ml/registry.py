"""The registry: every training as a run of MLflow, every model as a version, and which of them serves.

Locally its database is SQLite and its files lie in the data folder; on the cluster PostgreSQL, in a schema of its own,
and the bucket of the tables. What a version is are two texts, the model and its card, which are read, never run.
Belongs here: MLflow and those files. Does not belong here: what a model is, or whether it is promoted.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import fsspec
import sqlalchemy as sa

from lakehouse_assets.lockfile import one_process_at_a_time
from lakehouse_assets.ml import libraries
from lakehouse_assets.ml.card import card_of
from lakehouse_assets.ml.predictor import Predictor
from lakehouse_assets.ml.training import Trained, explained
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
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_AT_ONCE = 500
"""Models that MLflow is asked for at once."""
_ALONE = 5_247_302
"""Key of PostgreSQL's advisory lock: a number that nothing else of the database uses."""


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

    def record(
        self, spec: ModelSpec, trained: Trained, snapshots: Mapping[str, int], *, compared: Version | None
    ) -> Version:
        """Keep a model with all that is known of it; of one that was promoted, that it serves from now on.

        Args:
            spec: What it is.
            trained: The model.
            snapshots: Of the tables that it was learnt from.
            compared: The version that served when it was judged; where another does by now, it is not promoted.
        """
        client = self._client
        with self._alone():
            serving = self._serving_number(spec.name)
            if serving != (compared.number if compared else None):
                trained = replace(trained, not_compared=f"{serving or 'none'} began to serve meanwhile, train again")
            return self._kept(client, spec, trained, snapshots)

    def _kept(self, client: Any, spec: ModelSpec, trained: Trained, snapshots: Mapping[str, int]) -> Version:
        facts = {
            "model": spec.model_dump(mode="json"), "features": list(trained.predictor.encoder.columns),
            "snapshots": dict(snapshots), **explained(trained),
        }  # fmt: skip
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
        if not self._found(spec.name):
            client.create_registered_model(spec.name, description=spec.description)
        made = client.create_model_version(spec.name, source, run_id=run_id, description=trained.verdict)
        if trained.promoted:
            client.set_registered_model_alias(spec.name, SERVING, made.version)
        return Version(spec.name, int(made.version), source, trained.promoted, made.creation_timestamp)

    def versions(self, name: str) -> list[Version]:
        """Every version of a model, the newest first; none if it was never trained."""
        if not _NAME.fullmatch(name):
            return []
        found = self._client.search_model_versions(f"name = '{name}'")
        serving = self._serving_number(name)
        made = [Version(name, int(v.version), v.source, int(v.version) == serving, v.creation_timestamp) for v in found]
        return sorted(made, key=lambda v: -v.number)

    def names(self) -> list[str]:
        """The models that have any version, by name."""
        found, token = [], None
        while True:
            page = self._client.search_registered_models(max_results=_AT_ONCE, page_token=token)
            found += [model.name for model in page]
            if not (token := page.token):
                return sorted(found)

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
            if found:
                raise NoVersionError(f"there is no version {number} of model '{name}': the newest is {found[0].number}")
            raise NoVersionError(f"there is no version of model '{name}'")
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
        client = self._client
        with self._alone():
            client.set_registered_model_alias(version.name, SERVING, str(version.number))

    def _read(self, version: Version, name: str) -> bytes:
        with self._files.open(f"{version.source}/{name}", "rb") as file:
            return file.read()

    def _serving_number(self, name: str) -> int | None:
        found = self._found(name)
        return int(n) if found and (n := found[0].aliases.get(SERVING)) else None

    def _found(self, name: str) -> Any:
        return self._client.search_registered_models(f"name = '{name}'")

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        return found.experiment_id if found else self._client.create_experiment(name, f"{self._root}/{name}")

    @cached_property
    def _client(self) -> Any:
        tracking = libraries.mlflow_tracking()
        with self._alone() as con:  # MLflow makes its tables with the first use, and two at once leave half of them
            url = self._database(con)
            client = tracking.MlflowClient(tracking_uri=url, registry_uri=url)
            client.search_registered_models(max_results=1)
        return client

    @contextmanager
    def _alone(self) -> Iterator[sa.Connection | None]:
        """Wait until no other process changes the registry, and let none while the block runs."""
        settings = self._settings
        if settings.parts.state == "sqlite":
            make_folder(settings.models_dir)
            with one_process_at_a_time(settings.models_dir / "mlflow.lock"):
                yield None
            return
        engine = sa.create_engine(settings.postgres_sqlalchemy_url, poolclass=sa.NullPool)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
            con.execute(sa.select(sa.func.pg_advisory_lock(_ALONE)))  # let go with the connection
            yield con

    def _database(self, con: sa.Connection | None) -> str:
        """Address of the database, in which there is the schema for it."""
        settings = self._settings
        if con is None:
            return f"sqlite:///{settings.models_dir / 'mlflow.db'}"
        url = sa.make_url(settings.postgres_sqlalchemy_url)
        con.execute(sa.schema.CreateSchema(SCHEMA, if_not_exists=True))
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
