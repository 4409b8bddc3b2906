"""Trino's memory: one query and Trino's own share fit into the heap, and what is larger goes to disk."""

from __future__ import annotations

import re

import pytest

from tests.docker.reading import DOCKER, env_example, kubernetes_containers, pods, size


def setting(file: str, name: str) -> str:
    return re.findall(rf"^{re.escape(name)}=(.*)$", (DOCKER / "trino" / file).read_text(), re.MULTILINE)[0]


def heap_of(container_memory: str) -> float:
    share = re.findall(r"MaxRAMPercentage=(\d+)", (DOCKER / "trino" / "jvm.config").read_text())[0]
    return size(container_memory) * int(share) / 100


def cases() -> list[tuple[str, float, str]]:
    env = env_example()
    limits = {name: pod["containers"][0]["resources"]["limits"]["memory"] for name, pod in pods()}
    own = [
        (name, heap_of(limits[name]), str(container.environment["LAKE_TRINO_QUERY_MEMORY"]))
        for name, container in kubernetes_containers().items()
        if name.startswith("trino")
    ]
    return [
        ("native", size(env["LAKE_TRINO_HEAP"]), env["LAKE_TRINO_QUERY_MEMORY"]),
        ("compose", heap_of(env["LAKE_TRINO_CONTAINER_MEMORY"]), env["LAKE_TRINO_QUERY_MEMORY"]),
        *own,
    ]


@pytest.mark.parametrize(("where", "heap", "query"), cases(), ids=str)
@pytest.mark.parametrize("node", ["coordinator.properties", "worker.properties"])
def test_a_query_fits_into_the_heap(where: str, heap: float, query: str, node: str) -> None:
    assert size(query) + size(setting(node, "memory.heap-headroom-per-node")) <= heap, where


@pytest.mark.parametrize(("where", "heap", "query"), cases(), ids=str)
@pytest.mark.parametrize("node", ["coordinator.properties", "worker.properties"])
def test_what_is_gathered_goes_to_disk_before_it_is_more_than_a_query_may_have(
    where: str, heap: float, query: str, node: str
) -> None:
    pool = heap - size(setting(node, "memory.heap-headroom-per-node"))
    assert float(setting(node, "memory-revoking-threshold")) * pool <= size(query), where


def test_all_workers_can_serve_one_query() -> None:
    trino = kubernetes_containers()["trino"].environment
    per_node, total = (size(str(trino[f"LAKE_TRINO_{name}"])) for name in ("QUERY_MEMORY", "TOTAL_QUERY_MEMORY"))
    assert total >= per_node
