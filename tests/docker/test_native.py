"""docker/native has the versions, settings and names of the containers: what runs in tests is what people deploy."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docker.reading import DOCKER, compose_containers, env_example, variables_of
from tests.servers import PARTS, SCRIPT, Servers

CONTAINERS = compose_containers()
SETTINGS = (".properties", ".conf", ".config")


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Servers:
    """A set that is never started."""
    return Servers.fresh(tmp_path_factory.mktemp("native"))


@pytest.fixture(scope="module")
def variables(native: Servers) -> dict[str, str]:
    return native.variables


def part_script(part: str) -> str:
    return (DOCKER / "native" / "parts" / f"{part}.sh").read_text()


def test_versions_are_those_of_the_images(native: Servers) -> None:
    versions = dict(line.split() for line in native.script("versions").stdout.splitlines())
    assert list(versions) == list(PARTS)
    for part in ("s3", "kafka", "nessie", "trino"):
        assert versions[part] == CONTAINERS[part].version
    for part in ("postgres", "redis"):  # Debian's, of which only the major version is ours to choose
        assert versions[part] == CONTAINERS[part].version.split(".")[0]
    assert CONTAINERS["trino-worker"].version == versions["trino"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_reads_the_files_of_its_container(part: str, variables: dict[str, str]) -> None:
    shared = {
        file
        for file in CONTAINERS[part].files.values()
        if file.suffix in SETTINGS or file.parent.name in ("s3", "postgres")
    }
    for file in shared:
        assert f"{file.parent.name}/{file.name}" in part_script(part), f"{part} does not use {file}"
        assert variables_of(file) <= set(variables), file.name


def test_what_a_container_is_told_the_native_server_is_told(variables: dict[str, str]) -> None:
    # One node, which therefore works; no bound of memory and cores but the machine's; Dagit at loopback alone.
    bounds = {"ASKLAKE_MEMORY_LIMIT", "ASKLAKE_THREADS", "ASKLAKE_PROCESSES"}
    only_native = {"LAKE_TRINO_COORDINATOR_WORKS", "ASKLAKE_DAGIT_TOKEN", *bounds}
    for container in CONTAINERS.values():
        for name, value in container.environment.items():
            if name in only_native or not name.startswith(("LAKE_", "ASKLAKE_")) or name == "LAKE_TRINO_SQLALCHEMY_URI":
                continue
            assert name in variables, f"{container.name}: {name}"
            if name.endswith(("_REGION", "_PROFILE", "_WAREHOUSE_URL", "_LANDING")):
                assert variables[name] == value, name
            if name.endswith(("_URL", "_URI", "_ENDPOINT")):
                here, there = urlsplit(variables[name]), urlsplit(str(value).replace(":?see docker/.env.example", ""))
                assert (here.scheme, here.username, here.path) == (there.scheme, there.username, there.path), name


def test_server_options_are_those_of_the_containers() -> None:
    for part in ("postgres", "s3"):
        options = [word for word in CONTAINERS[part].command if word.startswith(("--", "max_"))]
        assert options
        for option in options:
            assert option in part_script(part), f"{part}: {option}"


def test_buckets_and_databases_are_the_ones_in_use(variables: dict[str, str]) -> None:
    script = (DOCKER / "s3" / "create_buckets.sh").read_text()
    buckets = set(re.findall(r"for bucket in ([\w ]+);", script)[0].split())
    nessie = (DOCKER / "nessie" / "application.properties").read_text()
    assert urlsplit(variables["ASKLAKE_WAREHOUSE_URL"]).netloc == "warehouse"
    assert "warehouses.warehouse.location=s3://warehouse/\n" in nessie
    assert "rest-catalog.warehouse=warehouse\n" in (DOCKER / "trino" / "lake.properties").read_text()
    assert buckets == {"warehouse", urlsplit(variables["ASKLAKE_LANDING"]).netloc, variables["ASKLAKE_LOGS_BUCKET"]}

    databases = set(re.findall(r"^create (\w+) ", (DOCKER / "postgres" / "create_databases.sh").read_text(), re.M))
    used = {urlsplit(variables["ASKLAKE_POSTGRES_URL"]).path[1:]}
    used |= set(re.findall(r"jdbc:postgresql://[^/]+/(\w+)", nessie))
    used |= set(re.findall(r"}/(\w+)\"", (DOCKER / "superset" / "superset_config.py").read_text()))
    assert databases == used


def test_every_variable_of_env_example_is_taken(native: Servers) -> None:
    bare = {name: value for name, value in native.environ.items() if not name.startswith("LAKE_")}
    said = Servers(native.home, bare).variables
    assert {name: said[name] for name in env_example()} == env_example()
    assert Servers(native.home, {**bare, "LAKE_REDIS_PASSWORD": "other"}).variables["LAKE_REDIS_PASSWORD"] == "other"


def test_addresses_are_loopback(variables: dict[str, str]) -> None:
    for name, value in variables.items():
        for host in re.findall(r"(?://|@)([\w.]+):\d+", value):
            assert host == "127.0.0.1", f"{name}={value}"


def test_wrong_use_is_explained(native: Servers) -> None:
    assert "no part is named postgre; there are: postgres" in native.script("up", "postgre", check=False).stderr
    assert native.script("go", check=False).returncode == 2
    assert "cluster.sh up" in native.script("go", check=False).stderr
    assert "kill which?" in native.script("kill", check=False).stderr


def test_what_is_missing_is_said(native: Servers, tmp_path: Path) -> None:
    bare = Servers(native.home, {**native.environ, "ASKLAKE_SERVERS_CACHE": str(tmp_path)})
    done = bare.script("installed", check=False)
    assert done.returncode == 1
    assert f"{tmp_path}/trino-476" in done.stderr
    assert "cluster.sh install" in done.stderr


def test_an_installation_under_way_is_waited_for(native: Servers, tmp_path: Path) -> None:
    bare = Servers(native.home, {**native.environ, "ASKLAKE_SERVERS_CACHE": str(tmp_path)})
    with (tmp_path / "lock").open("w") as lock, ThreadPoolExecutor(1) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        asked = pool.submit(bare.script, "installed", check=False)
        assert not wait([asked], timeout=0.5).done
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert "not installed" in asked.result(60).stderr


def test_an_old_java_is_passed_over_and_none_is_explained(tmp_path: Path) -> None:
    """The search of a JDK, on folders of the test's own."""
    for version in ("17.0.15", "24.0.1"):
        home = tmp_path / f"jdk-{version}"
        (home / "bin").mkdir(parents=True)
        (home / "bin" / "java").touch(mode=0o755)
        (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')

    def run(command: str, explicit: str, installed: str) -> subprocess.CompletedProcess[str]:
        sources = "; ".join(f'. "{SCRIPT.parent}/{name}.sh"' for name in ("env", "processes", "installing"))
        found = f'installed_javas() {{ printf "%s" "{installed}"; }}; pypi() {{ return 1; }}'
        environ = {
            **os.environ, "ASKLAKE_JAVA_HOME": explicit, "JAVA_HOME": str(tmp_path / "jdk-17.0.15"),
            "ASKLAKE_SERVERS_CACHE": str(tmp_path),
        }  # fmt: skip
        return subprocess.run(
            ["bash", "-c", f"{sources}; {found}; {command}"], env=environ, capture_output=True, text=True, check=False
        )

    enough = str(tmp_path / "jdk-24.0.1")
    assert run("find_java", enough, "").stdout == enough
    assert run("find_java", "", enough).stdout == enough
    assert run("find_java", "", "").returncode == 1
    none = run("install_java", "", "")
    assert none.returncode == 1
    assert "needs Java 24 or newer" in none.stderr
    assert "ASKLAKE_JAVA_HOME" in none.stderr
