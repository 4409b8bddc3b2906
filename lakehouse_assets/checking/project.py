"""The project as its files: domains with their contracts, dbt models, sources, semantic models.

Belongs here: finding and reading them, and what cannot be read. Does not belong here: comparing them (the checks).
"""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.located import Entry, line_of, read_yaml
from lakehouse_assets.declared import DeclarationError
from lakehouse_assets.domains import DOMAINS, contracts_of, python_tables_of
from lakehouse_assets.ingest.contracts import CONTRACTS as INGESTED
from lakehouse_assets.insight.tables import insights
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.python_table import PythonTable
from lakehouse_assets.ml.serving.predicting import prediction_tables

BUILT_LAYERS = ("silver", "gold", "platinum")
NAMED_LAYER = "semantic"
"""The layer of models that dbt builds nothing of: they name tables of Python for semantic models."""


@dataclass(frozen=True)
class Described:
    """A table as the YAML beside its model, or of the dbt sources, describes it."""

    file: Path
    entry: Entry
    domain: str | None


@dataclass
class Project:
    """A project below a root folder. `unreadable` fills while it is read; read everything before taking it."""

    root: Path
    unreadable: list[Finding] = field(default_factory=list)

    @property
    def models(self) -> Path:
        """Folder of the dbt models."""
        return self.root / "dbt_project" / "models"

    @property
    def domains(self) -> Path:
        """Folder of the domains."""
        return self.root / "lakehouse_assets" / "domains"

    @property
    def semantic(self) -> Path:
        """Folder of the semantic models."""
        return self.root / "semantic" / "models"

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """The contracts of ingestion and of all domains that can be imported, by identifier."""
        found = {c.identifier: c for c in INGESTED}
        for domain in DOMAINS:
            try:
                found |= {c.identifier: c for c in contracts_of(domain)}
            except Exception as error:
                self.unreadable.append(self._not_importable(domain, error))
        return found

    def _not_importable(self, domain: str, error: Exception) -> Finding:
        """Where in the domain's own files an import fails."""
        if isinstance(error, SyntaxError) and error.filename:
            return Finding(Path(error.filename), error.lineno or 1, "domain", f"not Python: {error.msg}")
        own = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(self.domains)]
        place = (Path(own[-1].filename), own[-1].lineno or 1) if own else (self.domains / domain / "__init__.py", 1)
        return Finding(*place, "domain", f"the domain {domain} cannot be loaded: {type(error).__name__}: {error}")

    @cached_property
    def python_tables(self) -> list[PythonTable]:
        """What the domains declare of tables made by Python, as far as they can be imported."""
        found: list[PythonTable] = []
        for domain in DOMAINS:
            try:
                found += python_tables_of(domain)
            except Exception as error:
                self.unreadable.append(self._not_importable(domain, error))
        with suppress(DeclarationError):  # what is wrong with a file of models is told of that file
            found += prediction_tables()
        return [*found, insights]

    @cached_property
    def described(self) -> Mapping[str, Described]:
        """What the YAML of the dbt project says of each table, by identifier."""
        found: dict[str, Described] = {}
        for path, content in self._model_documents:
            domain = self._domain_of(path)
            for source in content.items_of("sources"):
                tables = source.items_of("tables")
                found |= {
                    f"{source.get('schema', source.get('name'))}.{t.get('name')}": Described(path, t, domain)
                    for t in tables
                }
            for model in content.items_of("models"):
                found[f"{layer_of(path)}.{model.get('name')}"] = Described(path, model, domain)
        return found

    @cached_property
    def groups(self) -> list[tuple[Path, Entry]]:
        """The groups of the dbt project: a domain and who answers for it."""
        return [(path, group) for path, content in self._model_documents for group in content.items_of("groups")]

    @cached_property
    def sql(self) -> Mapping[str, Path]:
        """The SQL of each model, by identifier."""
        return {f"{layer_of(path)}.{path.stem}": path for path in sorted(self.models.rglob("*.sql"))}

    @cached_property
    def semantic_models(self) -> list[tuple[Path, Entry]]:
        """The semantic models, each with its file."""
        return self._semantic("semantic_models")

    @cached_property
    def metrics(self) -> list[tuple[Path, Entry]]:
        """The metrics, each with its file."""
        return self._semantic("metrics")

    @cached_property
    def saved_queries(self) -> list[tuple[Path, Entry]]:
        """The saved queries, each with its file."""
        return self._semantic("saved_queries")

    @cached_property
    def _model_documents(self) -> list[tuple[Path, Entry]]:
        return list(self._documents(self.models))

    @cached_property
    def _semantic_documents(self) -> list[tuple[Path, Entry]]:
        return list(self._documents(self.semantic))

    def _semantic(self, key: str) -> list[tuple[Path, Entry]]:
        return [(path, entry) for path, content in self._semantic_documents for entry in content.items_of(key)]

    def metric_words(self) -> set[str]:
        """Every label and synonym of a metric, in lower case."""
        return {word for _, metric in self.metrics for word in words_of(metric)}

    def _documents(self, folder: Path) -> Iterator[tuple[Path, Entry]]:
        for path in sorted([*folder.rglob("*.yml"), *folder.rglob("*.yaml")]):
            try:
                yield path, read_yaml(path)
            except yaml.YAMLError as error:
                text = getattr(error, "problem", None) or error
                self.unreadable.append(Finding(path, line_of(error), "yaml", f"not YAML: {text}"))

    def _domain_of(self, path: Path) -> str | None:
        parts = path.relative_to(self.models).parts
        return parts[1] if len(parts) == 3 else None

    def stray_folders(self) -> Iterator[Path]:
        """Folders of models that are named like no domain."""
        layers = [self.models / layer for layer in BUILT_LAYERS]
        for parent in (*layers, self.semantic):
            for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
                if folder.is_dir() and folder.name not in DOMAINS:
                    yield folder

    def first_day_of(self, domain: str) -> object:
        """The FIRST_DAY of a domain, or None."""
        return getattr(importlib.import_module(f"lakehouse_assets.domains.{domain}"), "FIRST_DAY", None)


def layer_of(path: Path) -> str:
    """The layer a model's file lies in; the models of the platform are gold."""
    layers = (*BUILT_LAYERS, NAMED_LAYER)
    return next((part for part in reversed(path.parts) if part in layers), "gold")


def meta_of(entry: Entry) -> Entry | None:
    """`config.meta` of a metric or dimension."""
    config = entry.get("config")
    meta = config.get("meta") if isinstance(config, Entry) else None
    return meta if isinstance(meta, Entry) else None


def words_of(entry: Entry) -> set[str]:
    """Label and synonyms of a metric or dimension, in lower case."""
    said = (meta_of(entry) or {}).get("synonyms") or []
    return {str(word).casefold() for word in (entry.get("label"), *said) if word}
