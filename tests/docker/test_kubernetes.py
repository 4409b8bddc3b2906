"""The Kubernetes manifests: valid, whole, and of the same configuration as compose.yaml and docker/native."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.docker.reading import (
    DOCKER,
    KUBERNETES,
    Container,
    compose_containers,
    env_example,
    generated,
    kubernetes_containers,
    kustomize,
    manifests,
    pods,
    variables_of,
)

VERSION = "1.31"
COMPOSE = compose_containers()
CONTAINERS = kubernetes_containers()
PODS = dict(pods())
# What differs between one machine and many: memory, who else may connect, the coordinator's way to itself.
OWN = {
    "LAKE_TRINO_QUERY_MEMORY", "LAKE_TRINO_TOTAL_QUERY_MEMORY", "LAKE_TRINO_URI", "LAKE_KAFKA_LISTENERS",
    "LAKE_KAFKA_ADVERTISED", "LAKE_KAFKA_DATA", "JAVA_OPTS_APPEND", "KAFKA_HEAP_OPTS", "ASKLAKE_POSTGRES_URL",
    "ASKLAKE_REDIS_URL",
}  # fmt: skip


def objects() -> list[Any]:
    return [
        pytest.param(document, id=f"{document['kind']}-{document['metadata']['name']}") for _, document in manifests()
    ]


@pytest.mark.parametrize("document", objects())
def test_an_object_is_valid(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, VERSION, strict=True)


def test_validation_refuses_what_the_api_would() -> None:
    document = deepcopy(next(d for _, d in manifests() if d["kind"] == "StatefulSet"))
    document["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, VERSION, strict=True)


@pytest.mark.parametrize("containers", [COMPOSE, CONTAINERS])
def test_dagit_is_behind_its_guard_and_asks_for_a_token(containers: dict[str, Container]) -> None:
    assert not [name for name, c in containers.items() if "dagster-webserver" in c.command]
    (dagit,) = [c for c in containers.values() if c.command[:2] == ("asklake", "dagit")]
    assert dagit.command[2:4] == ("--host", "0.0.0.0") and "ASKLAKE_DAGIT_TOKEN" in dagit.environment


@pytest.mark.parametrize("folder", ["base", "superset"])
def test_kustomize_builds_valid_objects(folder: str) -> None:
    """The names of generated configMaps reach the pods that mount them."""
    documents = kustomize(KUBERNETES / folder)
    maps = {d["metadata"]["name"] for d in documents if d["kind"] == "ConfigMap"}
    for document in documents:
        kubernetes_validate.validate(document, VERSION, strict=True)
        whose = "name" if document["kind"] == "Namespace" else "namespace"
        assert document["metadata"][whose] == "asklake"
        for volume in (
            document["spec"].get("template", {}).get("spec", {}).get("volumes", ()) if "spec" in document else ()
        ):
            assert volume.get("configMap", {}).get("name", next(iter(maps))) in maps


def test_every_manifest_and_configuration_is_in_a_kustomization() -> None:
    for folder in (KUBERNETES / "base", KUBERNETES / "superset"):
        resources = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        assert {r for r in resources if r.endswith(".yaml")} == {f.name for f in folder.glob("*.yaml")} - {
            "kustomization.yaml"
        }
        for resource in resources:
            path = (folder / resource).resolve()
            assert path.exists()
            if path.is_dir() and path.parent.name == "docker":
                assert all((path / file).is_file() for file in generated(path))


def test_the_same_containers_as_compose() -> None:
    assert set(CONTAINERS) == set(COMPOSE)


@pytest.mark.parametrize("name", sorted(COMPOSE))
def test_a_container_is_that_of_compose(name: str) -> None:
    here, there = CONTAINERS[name], COMPOSE[name]
    assert here.image == there.image
    assert {f for f in here.files.values() if f.suffix != ".sh"} == {
        f for f in there.files.values() if f.suffix != ".sh"
    }
    for variable in set(here.environment) & set(there.environment) - OWN:
        given, same = here.environment[variable], there.environment[variable]
        if given is None:  # from the secret: in compose from .env
            assert str(same).startswith("${LAKE_"), variable
        else:
            assert given == same, f"{name}: {variable}"
    assert set(there.environment) - set(here.environment) == set()


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_has_every_variable_its_files_name(name: str) -> None:
    container = CONTAINERS[name]
    for target, file in container.files.items():
        assert file.is_file(), f"{target}: {file}"
        if target.endswith((".properties", ".conf", ".sh")):
            assert variables_of(file) <= set(container.environment), f"{name}: {file.name}"


def test_every_secret_is_one_of_env_example() -> None:
    for name, pod in PODS.items():
        for entry in pod["containers"][0].get("env", ()):
            secret = entry.get("valueFrom", {}).get("secretKeyRef")
            if secret:
                assert secret["name"] == "lake", name
                assert secret["key"] in env_example(), f"{name}: {secret['key']}"
            elif "PASSWORD" in entry["name"] or entry["name"].endswith("_KEY"):
                pytest.fail(f"{name}: {entry['name']} is not from the secret")


def test_services_lead_to_pods() -> None:
    labels = {
        d["spec"]["template"]["metadata"]["labels"]["app"]: d for _, d in manifests() if "template" in d.get("spec", {})
    }
    for _, service in manifests():
        if service["kind"] == "Service":
            pod = labels[service["spec"]["selector"]["app"]]["spec"]["template"]["spec"]
            ports = {port["containerPort"] for port in pod["containers"][0]["ports"]}
            assert {port["port"] for port in service["spec"]["ports"]} <= ports, service["metadata"]["name"]


def test_mounted_volumes_exist() -> None:
    for _, document in manifests():
        pod = document.get("spec", {}).get("template", {}).get("spec")
        if pod:
            claims = {c["metadata"]["name"] for c in document["spec"].get("volumeClaimTemplates", ())}
            volumes = {v["name"] for v in pod.get("volumes", ())} | claims
            assert {m["name"] for m in pod["containers"][0].get("volumeMounts", ())} == volumes


def test_mounted_keys_are_generated() -> None:
    for name, pod in PODS.items():
        for volume in pod.get("volumes", ()):
            source = volume.get("configMap", {"name": "trino"})
            for item in source.get("items", ()):
                assert item["key"] in generated(DOCKER / source["name"]), f"{name}: {item['key']}"


def test_manifests_have_no_literal_password() -> None:
    text = "".join(Path(file).read_text() for file, _ in manifests())
    for name, value in env_example().items():
        if name.endswith(("PASSWORD", "KEY")):
            assert value not in text, name
