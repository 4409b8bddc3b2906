"""Every container of a deployment is confined and reaches what it needs only; each rule fails where it is broken."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse_assets.service.routes.standing import router as open_router
from lakehouse_assets.settings import Settings
from tests.docker.policy import PEOPLE, compose_violations, kubernetes_violations, workloads
from tests.docker.reading import (
    DOCKER,
    KUBERNETES,
    PORTS,
    StrictLoader,
    compose,
    compose_containers,
    env_example,
    kubernetes_containers,
    kustomize,
    rendered,
)

_ASKLAKE = ("code", "dagster-webserver", "dagster-daemon", "api")
EDGES = frozenset(
    {
        *((who, "postgres", 5432) for who in ("nessie", *_ASKLAKE)),
        ("api", "redis", 6379),
        *((who, "s3", 7070) for who in ("s3-buckets", "nessie", "trino", "trino-worker", *_ASKLAKE)),
        *((who, "nessie", 19120) for who in ("trino", "trino-worker", "code", "api")),
        *((who, "trino", 8080) for who in ("trino-worker", "code", "api")),
        *((who, "trino-worker", 8080) for who in ("trino", "trino-worker")),
        *(("kafka", "kafka", port) for port in (9092, 9093)),
        *((who, "kafka", 9092) for who in ("code", "api")),
        *((who, "code", 4000) for who in ("dagster-webserver", "dagster-daemon")),
        (PEOPLE, "api", 8000),
    }
)
SUPERSET = frozenset({("superset", "postgres", 5432), ("superset", "trino", 8080), (PEOPLE, "superset", 8088)})
DAGIT = frozenset({(PEOPLE, "dagster-webserver", 3000)})
FOLDERS = {"base": EDGES, "superset": EDGES | SUPERSET}
ALLOWED = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
BASE = rendered(KUBERNETES / "base")
COMPOSE = compose()


def is_generated(document: dict[str, Any]) -> bool:
    return document["kind"] == "ConfigMap" and document["metadata"]["name"] != "asklake"


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_objects_keep_to_every_rule(folder: str) -> None:
    assert kubernetes_violations(rendered(KUBERNETES / folder), FOLDERS[folder]) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_kustomize_renders_is_what_the_rules_were_tried_on(folder: str) -> None:
    documents = [d for d in kustomize(KUBERNETES / folder) if not is_generated(d)]
    assert kubernetes_violations(documents, FOLDERS[folder]) == []

    def names(objects: list[Any]) -> list[tuple[str, str]]:
        return sorted((d["kind"], d["metadata"]["name"]) for d in objects)

    assert names(documents) == names(rendered(KUBERNETES / folder))


def pod(documents: list[Any], name: str) -> dict[str, Any]:
    return next(
        d["spec"]["template"]["spec"]
        for d in documents
        if d["metadata"]["name"] == name and "template" in d.get("spec", {})
    )


def container(documents: list[Any], name: str) -> dict[str, Any]:
    return pod(documents, name)["containers"][0]


def policy(documents: list[Any], name: str) -> dict[str, Any]:
    return next(d["spec"] for d in documents if d["kind"] == "NetworkPolicy" and d["metadata"]["name"] == name)


def without(documents: list[Any], kind: str, name: str) -> None:
    documents[:] = [d for d in documents if (d["kind"], d["metadata"]["name"]) != (kind, name)]


def to_everything(documents: list[Any], name: str, way: str) -> None:
    selector = {"podSelector": {"matchLabels": {"app": name}}, "policyTypes": [way.capitalize()], way: [{}]}
    documents.append({"kind": "NetworkPolicy", "metadata": {"name": "more"}, "spec": selector})


BREAKS: dict[str, tuple[Callable[[list[Any]], Any], str]] = {
    "root": (lambda d: pod(d, "api")["securityContext"].pop("runAsNonRoot"), "api: may run as root"),
    "user 0": (lambda d: pod(d, "api")["securityContext"].update(runAsUser=0), "api: may run as root"),
    "seccomp": (lambda d: pod(d, "trino")["securityContext"].pop("seccompProfile"), "trino: no seccomp"),
    "token": (lambda d: pod(d, "code").pop("automountServiceAccountToken"), "code: has a token"),
    "links": (lambda d: pod(d, "redis").pop("enableServiceLinks"), "redis: REDIS_PORT"),
    "host": (lambda d: pod(d, "kafka").update(hostNetwork=True), "kafka: shares the host"),
    "hostPath": (
        lambda d: pod(d, "s3")["volumes"].append({"name": "h", "hostPath": {"path": "/"}}), "s3: mounts the host"
    ),
    "emptyDir": (lambda d: pod(d, "s3")["volumes"][0].update(emptyDir={}), "s3: writes without bound"),
    "privileges": (
        lambda d: container(d, "api")["securityContext"].update(allowPrivilegeEscalation=True), "api: may gain"
    ),
    "privileged": (lambda d: container(d, "api")["securityContext"].update(privileged=True), "api: may gain"),
    "capabilities": (
        lambda d: container(d, "api")["securityContext"].update(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
        "api: has capabilities",
    ),
    "root file system": (
        lambda d: container(d, "nessie")["securityContext"].pop("readOnlyRootFilesystem"), "nessie: may change"
    ),
    "init container": (lambda d: pod(d, "api").update(initContainers=[{"image": "x"}]), "api: may change its image"),
    "latest": (lambda d: container(d, "trino").update(image="trinodb/trino:latest"), "trino: the image has no"),
    "limits": (lambda d: container(d, "postgres")["resources"]["limits"].pop("cpu"), "postgres: no requests"),
    "requests": (
        lambda d: container(d, "postgres")["resources"]["requests"].update(cpu="3"), "postgres: asks for more"
    ),
    "engine": (
        lambda d: container(d, "api")["env"][0].update(value="4GB"), "api: the engine's memory does not fit"
    ),
    "engines of runs": (
        lambda d: container(d, "code")["env"][0].update(value="2GiB"), "code: the engine's memory does not fit"
    ),
    "engine's default": (lambda d: container(d, "api")["env"].pop(0), "api: the engine's memory does not fit"),
    "threads": (lambda d: container(d, "api")["env"].pop(1), "api: the engine's threads do not fit"),
    "probe": (lambda d: container(d, "dagster-daemon").pop("readinessProbe"), "dagster-daemon: is not probed"),
    "password": (
        lambda d: container(d, "redis")["env"].append({"name": "X_PASSWORD", "value": "x"}), "redis: X_PASSWORD is not"
    ),
    "standard": (lambda d: without(d, "Namespace", "asklake"), "the namespace does not enforce"),
    "node port": (
        lambda d: d.append({"kind": "Service", "metadata": {"name": "trino"}, "spec": {"type": "NodePort"}}),
        "trino: the Service leads in",
    ),
    "ingress": (lambda d: d.append({"kind": "Ingress", "metadata": {"name": "dagit"}}), "dagit: there is an object"),
    "default deny": (
        lambda d: without(d, "NetworkPolicy", "nothing"), "an edge too many ('anyone', 'dagster-webserver', 0)"
    ),
    "default deny of calls": (
        lambda d: [without(d, "NetworkPolicy", name) for name in ("nothing", "names")],
        "an edge too many ('s3', 'anyone', 0)",
    ),
    "a needed edge": (lambda d: without(d, "NetworkPolicy", "to-nessie"), "no edge ('api', 'nessie', 19120)"),
    "out to anywhere": (lambda d: to_everything(d, "api", "egress"), "an edge too many ('api', 'anyone', 0)"),
    "in from anywhere": (lambda d: to_everything(d, "trino", "ingress"), "an edge too many ('anyone', 'trino', 0)"),
    "people to Dagit": (
        lambda d: policy(d, "people")["podSelector"].update(matchLabels={"app": "dagster-webserver"}),
        "an edge too many ('people', 'dagster-webserver', 8000)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_a_rule_that_is_broken_is_told(name: str) -> None:
    documents = copy.deepcopy(BASE)
    change, says = BREAKS[name]
    change(documents)
    found = kubernetes_violations(documents, EDGES)
    assert [one for one in found if one.startswith(says)], found


def test_compose_keeps_to_every_rule() -> None:
    assert compose_violations(COMPOSE, EDGES | SUPERSET | DAGIT, env_example()) == []


COMPOSE_BREAKS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "root file system": (lambda s: s["api"].pop("read_only"), "api: may change"),
    "capabilities": (lambda s: s["trino"].update(cap_add=["SYS_ADMIN"]), "trino: has capabilities"),
    "privileges": (lambda s: s["kafka"].pop("security_opt"), "kafka: may gain"),
    "privileged": (lambda s: s["kafka"].update(privileged=True), "kafka: may gain"),
    "host": (lambda s: s["s3"].update(network_mode="host"), "s3: shares"),
    "memory": (lambda s: s["nessie"].pop("mem_limit"), "nessie: no limits"),
    "engine": (lambda s: s["code"]["environment"].update(ASKLAKE_MEMORY_LIMIT="4GB"), "code: the engine's memory"),
    "in memory": (lambda s: s["redis"].update(tmpfs=["/tmp"]), "redis: writes without bound"),
    "configuration": (
        lambda s: s["redis"]["volumes"].append("./redis/start.sh:/start.sh"), "redis: may change its configuration"
    ),
    "socket": (
        lambda s: s["s3"]["volumes"].append("/var/run/docker.sock:/var/run/docker.sock"), "s3: mounts the host"
    ),
    "port": (lambda s: s["api"].update(ports=["8000:8000"]), "api: is published beyond"),
    "server's port": (lambda s: s["trino"].update(ports=["127.0.0.1:1:8080"]), "trino: is published"),
    "network": (lambda s: s["superset"]["networks"].append("nessie"), "superset: is on other networks"),
    "default network": (lambda s: s["redis"].pop("networks"), "redis: is on other networks"),
    "password": (lambda s: s["redis"]["environment"].update(LAKE_REDIS_PASSWORD="x"), "redis: LAKE_REDIS_PASSWORD"),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSE_BREAKS)
def test_a_rule_of_compose_that_is_broken_is_told(name: str) -> None:
    document = json.loads(json.dumps(COMPOSE))
    change, says = COMPOSE_BREAKS[name]
    change(document["services"])
    found = compose_violations(document, EDGES | SUPERSET | DAGIT, env_example())
    assert [one for one in found if one.startswith(says)], found


def test_a_network_that_leads_out_is_told() -> None:
    document = json.loads(json.dumps(COMPOSE))
    document["networks"]["trino"] = {}
    assert "the network trino leads out" in compose_violations(document, EDGES | SUPERSET | DAGIT, env_example())


def test_the_edges_are_those_that_the_environment_names() -> None:
    """And the others are named because settings of the cluster profile have to be whole, or by files."""
    named: set[tuple[str, str, int]] = set()
    for containers in (kubernetes_containers(), compose_containers()):
        for who in containers.values():
            texts = " ".join(str(value) for value in who.environment.values())
            hosts = re.findall(r"(?:://|@|\b)(postgres|redis|s3|nessie|trino|kafka):(\d+)", texts)
            named |= {(who.name, host, int(port)) for host, port in hosts}
            if "LAKE_POSTGRES_HOST" in who.environment:
                named.add((who.name, "postgres", int(str(who.environment["LAKE_POSTGRES_PORT"]))))
    needless = {("dagster-webserver", "trino"), ("dagster-webserver", "nessie"), ("dagster-daemon", "trino"),
                ("dagster-daemon", "nessie"), ("trino", "trino")}  # fmt: skip
    assert {edge for edge in named if edge[:2] not in needless} <= EDGES | SUPERSET
    by_files = {"code", "trino-worker", "kafka", "api", "superset"}  # workspace.yaml, discovery, ports of its own
    assert {edge for edge in (EDGES | SUPERSET) - named if edge[1] not in by_files} == set()


def test_the_servers_ports_are_for_this_machine_and_in_a_file_of_their_own() -> None:
    services = yaml.load(PORTS.read_text(), StrictLoader)["services"]
    assert services.keys() == {"postgres", "redis", "s3", "kafka", "nessie", "trino"}
    for service in services.values():
        assert service["networks"] == [PEOPLE] and service.keys() == {"networks", "ports"}
        assert all(port.startswith("127.0.0.1:${LAKE_") for port in service["ports"])


def test_the_api_is_probed_at_addresses_that_it_has() -> None:
    probed = {
        container(BASE, "api")[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")
    }
    assert probed == {"/live", "/health"} <= {route.path for route in open_router.routes}  # pyright: ignore


def test_a_container_writes_its_manifests_where_it_may(tmp_path: Path) -> None:
    """With their dates, by which they are known to be those of the models beside them."""
    made, home = tmp_path / "image" / "dbt_project" / "target", tmp_path / "home"
    made.mkdir(parents=True)
    home.mkdir()
    (made / "manifest.json").write_text("new")
    os.utime(made / "manifest.json", (1e9, 1e9))
    variables = {"ASKLAKE_DBT_TARGET": str(home / "target"), "ASKLAKE_DAGSTER_HOME": str(home / "dagster")}
    for _ in range(2):  # a container that is started again keeps its volume
        done = subprocess.run(
            [DOCKER / "entrypoint.sh", "echo", "two words"], cwd=tmp_path / "image", env={**os.environ, **variables},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == "two words\n"
        kept = home / "target" / "manifest.json"
        assert (kept.read_text(), kept.stat().st_mtime) == ("new", 1e9)
        assert (home / "dagster").stat().st_mode & 0o777 == 0o700
        kept.write_text("of an image before")
        (home / "target" / "old").touch()
    assert Settings(dbt_target=home / "target").dbt_target_dir == home / "target"
    image = (DOCKER / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["asklake-entrypoint"]' in image and "!docker/entrypoint.sh" in ALLOWED
    assert all(f"{name}=/var/lib/asklake/" in image for name in variables)


def test_passwords_of_its_own_are_written_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    for name in ("new_env.sh", ".env.example"):
        shutil.copy(DOCKER / name, tmp_path / name)
    subprocess.run([tmp_path / "new_env.sh"], check=True, capture_output=True)
    written = tmp_path / ".env"
    assert written.stat().st_mode & 0o777 == 0o600
    values = dict(line.split("=", 1) for line in written.read_text().splitlines() if line and line[0] != "#")
    assert values.keys() == env_example().keys()
    secrets = [value for name, value in values.items() if re.search("PASSWORD|KEY$|TOKEN", name)]
    assert len(set(secrets)) == len(secrets) >= 9 and all(re.fullmatch("[0-9a-f]{48}", value) for value in secrets)
    again = subprocess.run([tmp_path / "new_env.sh"], check=False, capture_output=True, text=True)
    assert again.returncode == 1 and "is there already" in again.stderr


def test_images_are_pinned_by_the_digests_that_registries_give(tmp_path: Path) -> None:
    kustomize(KUBERNETES / "superset")  # which the script wants, too
    folder, binaries = tmp_path / "docker" / "kubernetes", tmp_path / "bin"
    shutil.copytree(DOCKER, tmp_path / "docker", ignore=shutil.ignore_patterns("native"))
    binaries.mkdir()
    (binaries / "crane").write_text('#!/bin/sh\necho "$ANSWER"\n')
    (binaries / "crane").chmod(0o755)

    def pin(answer: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(tmp_path), "ANSWER": answer}
        command = [folder / "pin_images.sh", "superset", "registry.example.com/lake"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    refused = pin("nothing")
    assert refused.returncode == 1 and "gave no digest of" in refused.stderr
    assert not (folder / "pinned" / "kustomization.yaml").exists()
    digest = "sha256:" + "0a" * 32
    assert pin(digest).returncode == 0
    documents = [d for d in kustomize(folder / "pinned") if not is_generated(d)]
    images = {pod["containers"][0]["image"] for _, pod, _ in workloads(documents)}
    assert len(images) == 9 and all(image.endswith(f"@{digest}") for image in images)
    assert f"registry.example.com/lake/asklake-superset@{digest}" in images
    assert kubernetes_violations(documents, FOLDERS["superset"]) == []
