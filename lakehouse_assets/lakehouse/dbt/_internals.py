"""The door into dbt: every use of what it does not call public, each with the reason.

dbt documents `dbtRunner(manifest=…)`, but nothing of the manifest that it takes.
Belongs here: names for those members. Does not belong here: which models are wanted (manifest), or what macros note
(on_branch).

`tests/lakehouse/dbt/test_internals.py` tells what moved when dbt is upgraded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest


def pruned(manifest: Manifest, nodes: Collection[str], unit_tests: Mapping[str, Any]) -> Manifest:
    """A manifest of some nodes: those of the whole are looked at several times an invocation, whatever is selected.

    The nodes are the same objects; what macros note in the graph is not.

    Args:
        manifest: That of the whole project.
        nodes: Unique ids of models, tests and sources.
        unit_tests: Those that stay, by unique id.
    """
    return replace(
        manifest,
        nodes={i: node for i, node in manifest.nodes.items() if i in nodes},
        sources={i: source for i, source in manifest.sources.items() if i in nodes},
        unit_tests=dict(unit_tests),
        semantic_models={},
        metrics={},
        saved_queries={},
        exposures={},
        flat_graph={**manifest.flat_graph},
    )


@contextmanager
def on_catalog(manifest: Any, catalog: str) -> Iterator[None]:
    """Put the relations of a manifest into a catalog meanwhile; dbt bakes the one it parsed with into each node.

    Its nodes are those of the whole project, so they are lent; invocations come one at a time.
    """
    nodes = [n for n in (*manifest.nodes.values(), *manifest.sources.values()) if getattr(n, "database", None)]
    before = [node.database for node in nodes]
    for node in nodes:
        node.database = catalog
    manifest.build_flat_graph()
    try:
        yield
    finally:
        for node, database in zip(nodes, before, strict=True):
            node.database = database


def graph_of(manifest: Any) -> dict[str, Any]:
    """What macros see as `graph`, with what they noted in it: nothing else of a macro outlives the invocation."""
    return manifest.flat_graph


def close_duckdb() -> None:
    """Forget the database that dbt-duckdb has open, so that the next invocation opens one."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()
