"""The dbt project as the asset factories need it: models, what they read, their tests, the saved queries.

dagster-dbt derives it from the manifest. Importing dagster-dbt imports dbt, more than three seconds that every run
would pay, also those that never call dbt; so its findings are kept beside the manifest and derived again only when
the manifest says something else.
Belongs here: the graph and its cache. Does not belong here: running dbt (lakehouse.dbt.runner).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import dagster as dg

    from lakehouse_assets.settings import Settings

FORMAT = 1
CACHE_NAME = "asset_graph.json"
BY_PYTHON = "made_by_python"
"""Materialization of models that only name a table which Python makes, for semantic models to stand on."""
HOW_TO_BUILD = "run `make run`, or `asklake parse` alone to build it"


class ManifestMissingError(Exception):
    """There is no dbt manifest to load the assets from."""


@dataclass(frozen=True)
class DbtTest:
    """A data test and the table it is shown on."""

    unique_id: str
    name: str
    table: str
    other_tables: tuple[str, ...]
    severity: str
    description: str


@dataclass(frozen=True)
class DbtModel:
    """A model; `table` and `reads` are `layer.table` identifiers."""

    name: str
    table: str
    reads: tuple[str, ...]
    code_version: str
    path: str


@dataclass(frozen=True)
class SavedQuery:
    """A MetricFlow saved query and the tables its metrics are computed from."""

    name: str
    reads: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class DbtGraph:
    """Everything the factories need to know of the dbt project."""

    models: tuple[DbtModel, ...]
    tests: tuple[DbtTest, ...]
    saved_queries: tuple[SavedQuery, ...]

    def model_of(self, table: str) -> DbtModel | None:
        """The model that makes a table."""
        return next((m for m in self.models if m.table == table), None)

    def in_order(self, tables: Iterable[str]) -> list[str]:
        """These tables, each after those it reads."""
        wanted = set(tables)
        reads = {m.table: [r for r in m.reads if r != m.table] for m in self.models}
        return [t for t in TopologicalSorter(reads).static_order() if t in wanted]

    def sources_of(self, table: str) -> set[str]:
        """Tables outside dbt that a table is made from, directly or through other models."""
        model = self.model_of(table)
        if model is None:
            return {table}
        return set().union(*(self.sources_of(t) for t in model.reads if t != table))

    def ancestors(self, tables: Iterable[str]) -> set[str]:
        """Tables made by dbt that these are made from, themselves not included."""
        found: set[str] = set()
        frontier = set(tables)
        while frontier:
            models = [m for t in frontier if (m := self.model_of(t))]
            frontier = {r for m in models for r in m.reads if self.model_of(r)} - found - frontier
            found |= frontier
        return found - set(tables)


def load(settings: Settings) -> DbtGraph:
    """The graph of the project's manifest.

    Raises:
        ManifestMissingError: dbt has not parsed the project yet.
    """
    manifest = settings.dbt_target_dir / "manifest.json"
    try:
        stat = manifest.stat()
    except FileNotFoundError:
        raise ManifestMissingError(f"{manifest} does not exist: {HOW_TO_BUILD}") from None
    return _load(manifest, stat.st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, _mtime_ns: int) -> DbtGraph:
    manifest = _parsed(path)
    signature = _signature(manifest)
    cache = path.with_name(CACHE_NAME)
    cached = _read(cache, signature)
    if cached is None:
        cached = derive(manifest)
        _write(cache, signature, cached)
    return cached


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise ManifestMissingError(f"{path} is not a dbt manifest ({error}): {HOW_TO_BUILD}") from None


def _signature(manifest: Mapping[str, Any]) -> str:
    """Digest of what the graph depends on; dbt rewrites the manifest at every call, mostly with the same content."""
    kept = ("checksum", "depends_on", "description", "name", "schema", "alias", "identifier", "config", "fqn")
    parts = {
        kind: {uid: {k: node.get(k) for k in kept} for uid, node in sorted(manifest.get(kind, {}).items())}
        for kind in ("nodes", "sources", "metrics", "semantic_models", "saved_queries")
    }
    return hashlib.sha256(json.dumps([FORMAT, parts], sort_keys=True, default=str).encode()).hexdigest()


def _read(cache: Path, signature: str) -> DbtGraph | None:
    try:
        stored = json.loads(cache.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if stored.get("signature") != signature:
        return None
    return DbtGraph(
        models=tuple(DbtModel(**_tuples(m)) for m in stored["models"]),
        tests=tuple(DbtTest(**_tuples(t)) for t in stored["tests"]),
        saved_queries=tuple(SavedQuery(**_tuples(q)) for q in stored["saved_queries"]),
    )


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


def _write(cache: Path, signature: str, graph: DbtGraph) -> None:
    temporary = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps({"signature": signature, **asdict(graph)}, indent=1))
        temporary.replace(cache)
    except OSError:
        # A read-only checkout can load its assets all the same, only slower.
        temporary.unlink(missing_ok=True)


def derive(manifest: Mapping[str, Any]) -> DbtGraph:
    """Let dagster-dbt read a manifest: asset keys, dependencies and which test belongs to which table."""
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets

    class Translator(DagsterDbtTranslator):
        """Names a dbt node as its table is named, and shows every data test on a table."""

        def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
            from dagster import AssetKey

            return AssetKey(identifier(dbt_resource_props).split("."))

        def get_asset_check_spec(
            self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
        ) -> dg.AssetCheckSpec | None:
            # A test over several models belongs to the first it names; dagster-dbt would leave it out.
            node = _attach(manifest["nodes"][unique_id])
            nodes = {**manifest["nodes"], unique_id: node}
            return super().get_asset_check_spec(asset_spec, {**manifest, "nodes": nodes}, unique_id, project)

    @dbt_assets(
        manifest=manifest,
        dagster_dbt_translator=Translator(DagsterDbtTranslatorSettings(enable_source_metadata=False)),
    )
    def everything() -> Iterator[Any]:
        yield from ()

    nodes = manifest["nodes"]
    uid_of = {identifier(n): uid for uid, n in nodes.items() if n["resource_type"] in ("model", "seed", "snapshot")}
    models = []
    for spec in everything.specs:
        table = ".".join(spec.key.path)
        node = nodes[uid_of[table]]
        if node["config"].get("materialized") == BY_PYTHON:
            continue
        models.append(
            DbtModel(
                name=node["name"],
                table=table,
                reads=tuple(sorted(".".join(d.asset_key.path) for d in spec.deps)),
                code_version=str(spec.code_version),
                path=node["original_file_path"],
            )
        )
    tests = [_test(spec, nodes) for spec in everything.check_specs]
    return DbtGraph(
        models=tuple(sorted(models, key=lambda m: m.table)),
        tests=tuple(sorted(tests, key=lambda t: (t.table, t.name))),
        saved_queries=tuple(_saved_query(manifest, q) for _, q in sorted(manifest.get("saved_queries", {}).items())),
    )


def identifier(node: Mapping[str, Any]) -> str:
    """`layer.table` of a dbt model or source."""
    return f"{node['schema']}.{node.get('identifier') or node.get('alias') or node['name']}"


def _attach(node: Mapping[str, Any]) -> Mapping[str, Any]:
    parents = [p for p in node["depends_on"]["nodes"] if p.startswith("model.")]
    if node.get("attached_node") or len(parents) < 2:
        return node
    return {**node, "attached_node": parents[0]}


def _test(spec: dg.AssetCheckSpec, nodes: Mapping[str, Any]) -> DbtTest:
    node = nodes[spec.metadata["dagster_dbt/unique_id"]]
    return DbtTest(
        unique_id=node["unique_id"],
        name=spec.name,
        table=".".join(spec.asset_key.path),
        other_tables=tuple(sorted(".".join(d.asset_key.path) for d in spec.additional_deps)),
        severity=str(node["config"].get("severity") or "error").lower(),
        description=node.get("description") or node["config"].get("meta", {}).get("description") or "",
    )


def _saved_query(manifest: Mapping[str, Any], query: Mapping[str, Any]) -> SavedQuery:
    found: set[str] = set()
    frontier = list(query["depends_on"]["nodes"])
    seen: set[str] = set()
    while frontier:
        uid = frontier.pop()
        if uid in seen:
            continue
        seen.add(uid)
        if uid.startswith("model."):
            found.add(identifier(manifest["nodes"][uid]))
            continue
        node = manifest["metrics"].get(uid) or manifest["semantic_models"].get(uid) or {}
        frontier += node.get("depends_on", {}).get("nodes", [])
    return SavedQuery(query["name"], tuple(sorted(found)), query.get("description") or "")


def only(graph: DbtGraph, tables: Iterable[str]) -> DbtGraph:
    """The part of a graph that makes these tables."""
    kept = set(tables)
    return replace(
        graph,
        models=tuple(m for m in graph.models if m.table in kept),
        tests=tuple(t for t in graph.tests if t.table in kept),
    )
