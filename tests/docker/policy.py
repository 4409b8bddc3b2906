"""What every container of a deployment has to keep to, as functions of the documents: the names of the rules broken.

Belongs here: the rules, for the objects of Kubernetes as kustomize renders them and for compose.yaml. Does not belong
here: reading either (``reading``), or who may reach whom (the tests give that).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.docker.reading import DAGSTER, size

Documents = Sequence[Mapping[str, Any]]
Edges = frozenset[tuple[str, str, int]]
"""Who may open a connection to whom, at which port."""
PEOPLE = "people"
_SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|_KEY$")
_PINNED = re.compile(r"(:v?\d+[.\d]*(-\w+)?|@sha256:[0-9a-f]{64})$")
_NETWORK = {"trino-worker": "trino"}
_RESTRICTED = "pod-security.kubernetes.io/enforce"


def kubernetes_violations(documents: Documents, edges: Edges) -> list[str]:
    """The rules that rendered objects break; empty if none."""
    found = [f"{name}: {rule}" for name, pod, once in workloads(documents) for rule in _of_pod(pod, once)]
    for document in documents:
        kind, name = document["kind"], document["metadata"]["name"]
        if kind == "Service" and document["spec"].get("type", "ClusterIP") != "ClusterIP":
            found.append(f"{name}: the Service leads in from outside")
        if kind in ("Ingress", "ClusterRole", "ClusterRoleBinding", "RoleBinding"):
            found.append(f"{name}: there is an object of kind {kind}")
    enforced = [d["metadata"].get("labels", {}).get(_RESTRICTED) for d in documents if d["kind"] == "Namespace"]
    if enforced != ["restricted"]:
        found.append("the namespace does not enforce the restricted standard")
    allowed = kubernetes_edges(documents)
    found += [f"no edge {edge}" for edge in sorted(edges - allowed)]
    return found + [f"an edge too many {edge}" for edge in sorted(allowed - edges)]


def workloads(documents: Documents) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Name and pod of every workload, and whether it runs to its end."""
    for document in documents:
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"], document["kind"] == "Job"


def _of_pod(pod: Mapping[str, Any], once: bool) -> Iterator[str]:
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield "may run as root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token of the API server"
    if pod.get("enableServiceLinks") is not False:
        yield "REDIS_PORT and the like would be set by the cluster"
    if pod.keys() & {"hostNetwork", "hostPID", "hostIPC"}:
        yield "shares the host's namespaces"
    for volume in pod.get("volumes", ()):
        if "hostPath" in volume:
            yield "mounts the host's files"
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield "writes without bound"
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        yield from _of_container(container, once)


def _of_container(container: Mapping[str, Any], once: bool) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        yield "may gain privileges"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield "has capabilities"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may change its image"
    if not _PINNED.search(container["image"]):
        yield "the image has no version"
    resources = container.get("resources", {})
    asked, given = resources.get("requests", {}), resources.get("limits", {})
    if not {"cpu", "memory"} <= asked.keys() & given.keys():
        yield "no requests and limits of CPU and memory"
    elif any(size(asked[what]) > size(given[what]) for what in ("cpu", "memory")):
        yield "asks for more than its limit"
    else:
        yield from _of_engines(container, size(given["memory"]), size(given["cpu"]))
    if not once and not {"startupProbe", "readinessProbe", "livenessProbe"} <= container.keys():
        yield "is not probed"
    for entry in container.get("env", ()):
        if _SECRET.search(entry["name"]) and "secretKeyRef" not in entry.get("valueFrom", {}):
            yield f"{entry['name']} is not from a secret"


def _of_engines(container: Mapping[str, Any], memory: float, cpu: float | None) -> Iterator[str]:
    """The engines of a container of asklake have half of its memory at most: Python has the other half."""
    words = [*container.get("command", ()), *container.get("args", ())]
    if not container["image"].split("/")[-1].startswith("asklake:") and "asklake@" not in container["image"]:
        return
    engines = DAGSTER["concurrency"]["runs"]["max_concurrent_runs"] if "code-server" in words else 1
    env = container.get("env", ())
    given = env if isinstance(env, Mapping) else {entry["name"]: entry.get("value") for entry in env}
    limit, threads = given.get("ASKLAKE_MEMORY_LIMIT"), given.get("ASKLAKE_THREADS")
    if not limit or engines * size(limit) > memory / 2:
        yield "the engine's memory does not fit"
    if not threads or (cpu is not None and int(threads) > cpu):
        yield "the engine's threads do not fit"


# --- who reaches whom


def kubernetes_edges(documents: Documents) -> Edges:
    """The connections that both ends allow; "people" and "names" stand for the namespaces outside, "anyone" for all."""
    labels = {n: d["spec"]["template"]["metadata"]["labels"] for d in documents for n in _app_of(d)}
    policies = [d["spec"] for d in documents if d["kind"] == "NetworkPolicy"]
    ins = {app: _peers(policies, labels, app, "Ingress") for app in labels}
    outs = {app: _peers(policies, labels, app, "Egress") for app in labels}
    between = {(a, b, port) for a, peers in outs.items() for b, port in peers if _meets(ins.get(b, set()), a, port)}
    between |= {(peer, app, port) for app, peers in ins.items() for peer, port in peers if peer not in labels}
    outside = {(app, peer, port) for app, peers in outs.items() for peer, port in peers if peer not in labels}
    return frozenset(between | {edge for edge in outside if edge[1:] != ("names", 53)})


def _meets(heard: set[tuple[str, int]], peer: str, port: int) -> bool:
    """Whether who is called hears that: port 0 is every port."""
    return any(one == peer and (0 in (port, other) or port == other) for one, other in heard)


def _app_of(document: Mapping[str, Any]) -> Iterator[str]:
    if "template" in document.get("spec", {}):
        yield document["spec"]["template"]["metadata"]["labels"]["app"]


def _peers(policies: Iterable[Any], labels: Mapping[str, Any], app: str, way: str) -> set[tuple[str, int]]:
    """Whom a pod may hear or call: anyone as long as no policy of this way selects it."""
    chosen = [p for p in policies if way in p["policyTypes"] and _selects(p["podSelector"], labels[app])]
    if not chosen:
        return {("anyone", 0), *((other, 0) for other in labels)}
    rules = [rule for policy in chosen for rule in policy.get(way.lower(), ())]
    found: set[tuple[str, int]] = set()
    for rule in rules:
        ports = [port["port"] for port in rule.get("ports", ())] or [0]
        for peer in rule.get("from" if way == "Ingress" else "to") or [{}]:
            found |= {(name, port) for name in _named(peer, labels) for port in ports}
    return found


def _named(peer: Mapping[str, Any], labels: Mapping[str, Any]) -> list[str]:
    if peer.keys() == {"podSelector"}:
        return [app for app, own in labels.items() if _selects(peer["podSelector"], own)]
    if peer == {"namespaceSelector": {"matchLabels": {"asklake/ingress": "allowed"}}}:
        return [PEOPLE]
    space = peer.get("namespaceSelector", {}).get("matchLabels")
    return ["names"] if space == {"kubernetes.io/metadata.name": "kube-system"} else ["anyone"]


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    among = [e for e in selector.get("matchExpressions", ()) if e["operator"] == "In"]
    assert len(among) == len(selector.get("matchExpressions", ())), "an operator that the policy does not read"
    return all(labels.get(k) == v for k, v in wanted.items()) and all(
        labels.get(e["key"]) in e["values"] for e in among
    )


# --- compose


def compose_violations(document: Mapping[str, Any], edges: Edges, variables: Mapping[str, str]) -> list[str]:
    """The rules that a compose file breaks; empty if none.

    Args:
        document: The file, anchors resolved.
        edges: Who may reach whom; each server that others reach has a network of its name.
        variables: What the file's variables may be, by name.
    """
    services, networks = document["services"], document["networks"]
    found = [f"{name}: {rule}" for name, service in services.items() for rule in _of_service(service, variables)]
    found += [f"the network {n} leads out" for n, o in networks.items() if n != PEOPLE and not o.get("internal")]
    for name, service in services.items():
        people = (PEOPLE, name) in {(a, b) for a, b, _ in edges}
        reached = [name] if any(b == name and a != PEOPLE for a, b, _ in edges) else []
        wanted = {_NETWORK.get(b, b) for b in (*reached, *(b for a, b, _ in edges if a == name))}
        if set(service.get("networks", ["default"])) != wanted | ({PEOPLE} if people else set()):
            found.append(f"{name}: is on other networks than those of {sorted(wanted)}")
        if bool(service.get("ports")) != people:
            found.append(f"{name}: is published, or is not")
    return found


def _of_service(service: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[str]:
    if service.get("read_only") is not True:
        yield "may change its image"
    if service.get("cap_drop") != ["ALL"] or "cap_add" in service:
        yield "has capabilities"
    if service.get("security_opt") != ["no-new-privileges:true"] or service.get("privileged"):
        yield "may gain privileges"
    if service.keys() & {"network_mode", "pid", "ipc", "userns_mode", "devices"}:
        yield "shares the host's namespaces"
    yield from _of_resources(service, variables)
    yield from _of_mounts(service)
    if any(not port.startswith("127.0.0.1:") for port in service.get("ports", ())):
        yield "is published beyond this machine"
    for name, value in service.get("environment", {}).items():
        if _SECRET.search(name) and not str(value).startswith("${"):
            yield f"{name} is not from .env"


def _of_resources(service: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[str]:
    if not {"mem_limit", "cpus", "pids_limit"} <= service.keys():
        yield "no limits of CPU, memory and processes"
    elif "ASKLAKE_PROFILE" in service.get("environment", {}):
        container = {"image": service["image"], "args": service["command"], "env": service["environment"]}
        yield from _of_engines(container, size(_filled(service["mem_limit"], variables).upper()), None)


def _of_mounts(service: Mapping[str, Any]) -> Iterator[str]:
    """Files of docker/ read-only, volumes, and memory within bounds."""
    if any("size=" not in mount for mount in service.get("tmpfs", ())):
        yield "writes without bound"
    for volume in service.get("volumes", ()):
        source, *target = volume.split(":")
        if source.startswith(".") and target[-1] != "ro":
            yield "may change its configuration"
        if source.startswith("/") and target:
            yield "mounts the host's files"


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)[^}]*\}", lambda match: variables[match[1]], str(text))
