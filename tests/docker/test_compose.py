"""compose.yaml: a valid compose file, and the same servers with the same configuration as docker/native starts."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import check_jsonschema
import pytest
import yaml
from jsonschema import Draft7Validator

from lakehouse_assets.settings import Settings, get_settings
from tests.docker.reading import COMPOSE, DOCKER, PORTS, compose, compose_containers, env_example, variables_of

SCHEMA = json.loads(
    (Path(check_jsonschema.__path__[0]) / "builtin_schemas" / "vendor" / "compose-spec.json").read_text()
)
SERVICES: dict[str, dict[str, Any]] = compose()["services"]
FOR_DEVELOPMENT: dict[str, dict[str, Any]] = yaml.safe_load(PORTS.read_text())["services"]
CONTAINERS = compose_containers()
ONCE = {"s3-buckets"}  # runs to its end


def problems(document: Any) -> list[str]:
    return [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in Draft7Validator(SCHEMA).iter_errors(document)
    ]


def test_it_follows_the_compose_specification() -> None:
    assert problems(compose()) == problems(yaml.safe_load(PORTS.read_text())) == []


def test_the_schema_refuses_what_compose_would() -> None:
    document = compose()
    document["services"]["trino"]["volume"] = ["a:/b"]
    document["services"]["redis"]["restart"] = 3
    assert len(problems(document)) == 2


def test_everything_of_the_cluster_is_there() -> None:
    servers = {"postgres", "redis", "s3", "s3-buckets", "kafka", "nessie", "trino", "trino-worker"}
    assert set(SERVICES) == servers | {"code", "dagster-webserver", "dagster-daemon", "api", "superset"}
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["superset"]


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_has_every_variable_its_files_name(name: str) -> None:
    container = CONTAINERS[name]
    for target, file in container.files.items():
        assert file.is_file(), f"{target}: {file} is not there"
        assert variables_of(file) <= set(container.environment), f"{name}: {file.name}"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_pinned_checked_and_loopback_only(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":v?\d+[.\d]*(-\w+)?$", service["image"]), service["image"]
    assert "healthcheck" in service or name in ONCE
    for port in service.get("ports", ()):
        assert port.startswith("127.0.0.1:${LAKE_"), port


def test_a_service_waits_only_for_what_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        for needed, condition in service.get("depends_on", {}).items():
            expected = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert condition["condition"] == expected, f"{name} waits for {needed}"


def test_every_value_comes_from_env_example_and_none_has_a_default() -> None:
    text = "\n".join(line for line in COMPOSE.read_text().splitlines() if not line.lstrip().startswith("#"))
    used = re.findall(r"\$\{(\w+)([^}]*)\}", text)
    assert {name for name, _ in used} <= set(env_example())
    with_default = [name for name, rest in used if not rest.startswith(":?") and name != "LAKE_REDIS_PASSWORD"]
    assert with_default == []
    for name, value in env_example().items():
        if name.endswith(("PASSWORD", "KEY", "TOKEN")):
            assert value not in text, f"the value of {name} is in compose.yaml"


def test_published_ports_lead_to_the_ports_the_servers_listen_on() -> None:
    listening = {
        "postgres": "5432", "redis": CONTAINERS["redis"].environment["LAKE_REDIS_PORT"], "s3": "7070",
        "nessie": CONTAINERS["nessie"].environment["LAKE_NESSIE_PORT"],
        "trino": CONTAINERS["trino"].environment["LAKE_TRINO_PORT"],
        "kafka": re.findall(r"HOST://:(\d+)", str(CONTAINERS["kafka"].environment["LAKE_KAFKA_LISTENERS"]))[0],
        "dagster-webserver": "3000", "api": "8000", "superset": "8088",
    }  # fmt: skip
    published = {
        name: port.rpartition(":")[2]
        for services in (SERVICES, FOR_DEVELOPMENT)
        for name, service in services.items()
        for port in service.get("ports", ())
    }
    assert published == listening


def test_addresses_name_services_and_their_ports() -> None:
    ports = {"postgres": "5432", "redis": "6379", "s3": "7070", "nessie": "19120", "trino": "8080"}
    for container in CONTAINERS.values():
        for variable, value in container.environment.items():
            for host, port in re.findall(r"(?://|@)([a-z][\w-]*):(\d+)", str(value)):
                assert ports.get(host, port) == port, f"{container.name}: {variable}={value}"
                assert host in SERVICES, f"{container.name}: {variable}={value}"


def test_volumes_are_declared_and_used() -> None:
    named = {v.split(":")[0] for service in SERVICES.values() for v in service.get("volumes", ()) if v[0] not in "./"}
    assert named == set(compose()["volumes"])


def test_the_image_is_built_with_settings_that_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    given = re.findall(r"(ASKLAKE_\w+)=(\S+)", (DOCKER / "Dockerfile").read_text().split("\nFROM")[1])
    for name in os.environ.keys() - {"PATH"}:
        monkeypatch.delenv(name)
    for name, value in given:
        monkeypatch.setenv(name, value)
    assert get_settings().profile == "cluster"


@pytest.mark.parametrize("name", ["code", "api", "dagster-webserver", "dagster-daemon"])
def test_a_container_has_settings_that_are_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"ASKLAKE_{field.upper()}" for field in Settings.model_fields}
    given = {variable: _filled(value) for variable, value in CONTAINERS[name].environment.items()}
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    assert get_settings().profile == "cluster"
    assert given.keys() - known <= {"ASKLAKE_REDIS_URL"}


def _filled(value: object) -> str:
    """A value with the variables of .env.example."""
    return re.sub(r"\$\{(\w+)[^}]*\}", lambda match: env_example()[match[1]], str(value))


def test_versions_are_those_of_the_project() -> None:
    project = tomllib.loads((DOCKER.parent / "pyproject.toml").read_text())["project"]
    assert CONTAINERS["api"].version == project["version"]
    superset = (DOCKER / "superset" / "Dockerfile").read_text()
    driver = next(d for d in project["dependencies"] if d.startswith("trino=="))
    assert f" {driver} " in superset
    assert f"superset:{CONTAINERS['superset'].version}\n" in superset


def test_the_image_holds_what_its_commands_name() -> None:
    allowed = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    assert "!docker/dagster" in allowed
    workspace = yaml.safe_load((DOCKER / "dagster" / "workspace.yaml").read_text())
    server = workspace["load_from"][0]["grpc_server"]
    code = CONTAINERS["code"].command
    assert server["host"] in SERVICES
    assert str(server["port"]) == code[code.index("-p") + 1]
