"""The containers that compose.yaml and the Kubernetes manifests describe, in one shape, to compare with docker/native.

A container's configuration is only as good as its environment: the files both ways share name variables, and what is
not set there would stop a server that no test can start here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse_assets import bounded_yaml

DOCKER = Path(__file__).resolve().parents[2] / "docker"
COMPOSE = DOCKER / "compose.yaml"
KUBERNETES = DOCKER / "kubernetes"
ENV_EXAMPLE = DOCKER / ".env.example"
PORTS = DOCKER / "compose.ports.yaml"
DAGSTER: dict[str, Any] = yaml.safe_load((DOCKER / "dagster" / "dagster.yaml").read_text())
_UNITS = {"": 1, "m": 1e-3, "K": 2**10, "M": 2**20, "G": 2**30}
# As Trino, the broker, Nessie and a shell write them.
_NAMES = (
    re.compile(r"\$\{ENV:(\w+)\}"), re.compile(r"\$\{env:(\w+)\}"), re.compile(r"\$\{(LAKE_\w+)\}"),
    re.compile(r"\$(LAKE_\w+)"), re.compile(r"environ\['(\w+)'\]"), re.compile(r'environ\["(\w+)"\]'),
)  # fmt: skip


class StrictLoader(bounded_yaml.BoundedLoader):
    """YAML as kubectl and compose read it: a key that is there twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"there twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Container:
    """One container: its environment (None where a secret gives the value) and the files of docker/ in it."""

    name: str
    image: str
    environment: Mapping[str, str | None]
    files: Mapping[str, Path]
    command: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Tag of the image."""
        return self.image.rpartition(":")[2]


def size(text: str) -> float:
    """Bytes, or cores, of 2G, 2g, 2GB, 2Gi, 2GiB, 512M, 500m of CPU as Kubernetes writes it, or a plain number."""
    number, unit, rest = re.fullmatch(r"([\d.]+) ?([KMGkmg]?)(i?B?)", str(text).strip()).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit if unit == "m" and not rest else unit.upper()]


def variables_of(file: Path) -> set[str]:
    """The variables a configuration file or script cannot do without."""
    text = "\n".join(line for line in file.read_text().splitlines() if not line.lstrip().startswith("#"))
    return {name for pattern in _NAMES for name in pattern.findall(text)}


def env_example() -> dict[str, str]:
    """The variables of .env.example."""
    lines = (line for line in ENV_EXAMPLE.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def compose() -> dict[str, Any]:
    """compose.yaml as it stands, anchors resolved, variables not."""
    return yaml.load(COMPOSE.read_text(), StrictLoader)


def compose_containers() -> dict[str, Container]:
    """The services of compose.yaml."""
    return {
        name: Container(
            name,
            service["image"],
            service.get("environment", {}),
            {target: (DOCKER / source).resolve() for source, target in _binds(service)},
            tuple(service.get("command", ())),
        )
        for name, service in compose()["services"].items()
    }


def _binds(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for volume in service.get("volumes", ()):
        if volume.startswith("."):
            source, target = volume.split(":")[:2]
            yield source, target


def kustomize(folder: Path) -> list[dict[str, Any]]:
    """The objects of a kustomization as kustomize gives them, its own or that of a new kubectl."""
    if shutil.which("kustomize"):
        command = ["kustomize", "build"]
    elif shutil.which("kubectl") and "Kustomize Version: v5" in _said("kubectl", "version", "--client"):
        command = ["kubectl", "kustomize"]
    else:
        pytest.skip("neither kustomize nor a kubectl that has its version 5: see docker/native/kustomize.sh")
    return list(yaml.safe_load_all(_said(*command, str(folder))))


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def rendered(folder: Path) -> list[dict[str, Any]]:
    """The objects of a kustomization with all it builds on, as kustomize gives them but for the names of configMaps."""
    documents: list[dict[str, Any]] = []
    for resource in yaml.load((folder / "kustomization.yaml").read_text(), StrictLoader).get("resources", ()):
        path = (folder / resource).resolve()
        if path.is_dir():
            documents += rendered(path)
        else:
            documents += [d for d in yaml.load_all(path.read_text(), StrictLoader) if d]
    return documents


@cache
def manifests(folder: Path = KUBERNETES) -> Sequence[tuple[Path, dict[str, Any]]]:
    """Every object of the manifests, with the file it is in; kustomizations are not objects."""
    files = (file for file in sorted(folder.rglob("*.yaml")) if file.name != "kustomization.yaml")
    return [
        (file, document) for file in files for document in yaml.load_all(file.read_text(), StrictLoader) if document
    ]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the pod of every workload."""
    for _, document in manifests():
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def kubernetes_containers() -> dict[str, Container]:
    """The container of every workload."""
    return {name: _container(name, pod) for name, pod in pods()}


def _container(name: str, pod: Mapping[str, Any]) -> Container:
    (container,) = pod["containers"]
    environment = {entry["name"]: entry.get("value") for entry in container.get("env", ())}
    for source in container.get("envFrom", ()):
        environment.update(config_map(source["configMapRef"]["name"]))
    files: dict[str, Path] = {}
    for mount in container.get("volumeMounts", ()):
        volume = next((v for v in pod.get("volumes", ()) if v["name"] == mount["name"]), {})
        if "configMap" in volume:
            files.update(_mounted(volume["configMap"], mount))
    command = (*container.get("command", ()), *container.get("args", ()))
    return Container(name, container["image"], environment, files, command)


def _mounted(source: Mapping[str, Any], mount: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    """The files of a configMap volume: generated from the folder of the same name below docker/."""
    folder = DOCKER / source["name"]
    items = source.get("items") or [{"key": file, "path": file} for file in generated(folder)]
    for item in items:
        if "subPath" not in mount:
            yield f"{mount['mountPath']}/{item['path']}", folder / item["key"]
        elif item["path"] == mount["subPath"]:
            yield mount["mountPath"], folder / item["key"]


def generated(folder: Path) -> list[str]:
    """The files a folder's kustomization makes a configMap of."""
    (generator,) = yaml.safe_load((folder / "kustomization.yaml").read_text())["configMapGenerator"]
    assert generator["name"] == folder.name
    return generator["files"]


def config_map(name: str) -> dict[str, str]:
    """The entries of a configMap that is a manifest."""
    return next(d["data"] for _, d in manifests() if d["kind"] == "ConfigMap" and d["metadata"]["name"] == name)
