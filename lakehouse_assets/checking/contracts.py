"""Contracts against themselves, and against the dbt project: drift in both directions, orphans, owners.

Belongs here: what can be said without running anything. Does not belong here: semantic models (semantics), sources.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.located import Entry, line_with, place_of, read_yaml
from lakehouse_assets.checking.project import Described, Project
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.lakehouse.contract import Contract
from nlq.storage.contracts import CONTRACTS as ANSWERED

GRAIN = "One row per "
TEAMS = "teams.yml"


def check_contracts(project: Project) -> Iterator[Finding]:
    """What a contract must say: its domain, its grain, its key, a description."""
    for contract in project.contracts.values():
        file, line = place_of(contract)
        home = file.relative_to(project.domains).parts[0] if file.is_relative_to(project.domains) else contract.domain
        if contract.domain != home:
            yield Finding(file, line, "contract", f"{contract.identifier} says domain '{contract.domain}' in '{home}'")
        if not contract.description or contract.model.__doc__ == type(contract).__doc__:
            yield Finding(
                file, line, "description", f"{contract.identifier} has no description: a docstring of its model"
            )
        if not contract.grain.startswith(GRAIN):
            yield Finding(file, line, "grain", f"{contract.identifier}: its grain begins with '{GRAIN.strip()}'")
        if contract.freshness is None:
            yield Finding(file, line, "freshness", f"{contract.identifier} says no freshness: DAILY, SELDOM or its own")
        if not contract.key:
            yield Finding(file, line, "key", f"{contract.identifier} has no key: the columns that are unique together")
    for domain in {c.domain for c in project.contracts.values()} & set(DOMAINS):
        timed = any(
            p.transform != "identity" for c in project.contracts.values() if c.domain == domain for p in c.partitions
        )
        if timed and project.first_day_of(domain) is None:
            yield Finding(
                project.domains / domain / "__init__.py", 1, "domain", "FIRST_DAY is missing: where partitions start"
            )


def check_python_tables(project: Project) -> Iterator[Finding]:
    """Contracts of tables made by Python, and the functions that make them, know each other."""
    made = {t.identifier: t for t in project.python_tables}
    for identifier, contract in project.contracts.items():
        if contract.made_by == "python" and identifier not in made:
            message = f"{identifier} is declared, but no function in tables.py of its domain makes it"
            yield Finding(*place_of(contract), "orphan", message)
    for identifier, table in made.items():
        file, line = Path(inspect.getfile(table.function)), inspect.getsourcelines(table.function)[1]
        for unknown in sorted({identifier, *table.reads} - project.contracts.keys()):
            yield Finding(file, line, "orphan", f"{identifier}: no contract declares {unknown}")


def check_models(project: Project) -> Iterator[Finding]:
    """Contracts, models and their YAML say the same of the same tables."""
    yield from _orphans(project)
    for identifier, described in project.described.items():
        contract = project.contracts.get(identifier)
        if contract is not None:
            yield from _drift(contract, described)
    for identifier, path in project.sql.items():
        if not path.with_suffix(".yml").exists():
            yield Finding(path, 1, "model", f"{identifier} has no {path.stem}.yml beside it")
        if not path.read_text(encoding="utf-8").startswith(f"-- {GRAIN}"):
            yield Finding(path, 1, "grain", f"a model begins with its grain: '-- {GRAIN}…'")
    for folder in project.stray_folders():
        file = next((p for p in sorted(folder.iterdir()) if p.is_file()), folder)
        yield Finding(file, 1, "domain", f"there is no domain '{folder.name}' in lakehouse_assets/domains")


def _orphans(project: Project) -> Iterator[Finding]:
    """Tables that only one side knows."""
    declared = {i for i, c in project.contracts.items() if c.made_by == "dbt"}
    for identifier in sorted(declared - project.sql.keys()):
        file, _ = place_of(project.contracts[identifier])
        line = line_with(file, f'"{project.contracts[identifier].table}"')
        yield Finding(file, line, "orphan", f"{identifier} is declared, but no dbt model makes it")
    for identifier in sorted(project.sql.keys() - project.contracts.keys()):
        yield Finding(project.sql[identifier], 1, "orphan", f"{identifier} is made, but no contract declares it")
    for identifier in sorted(project.described.keys() - project.contracts.keys()):
        described = project.described[identifier]
        yield Finding(
            described.file, described.entry.line, "drift", f"{identifier} is described, but no contract declares it"
        )
    for identifier in sorted(
        i for i, c in project.contracts.items() if c.made_by in ("ingest", "dbt") and i not in project.described
    ):
        yield Finding(
            *place_of(project.contracts[identifier]), "drift", f"no YAML of dbt_project/models describes {identifier}"
        )


def _drift(contract: Contract, described: Described) -> Iterator[Finding]:
    """Where the YAML of a table and its contract differ."""
    file, entry = described.file, described.entry
    wanted = f"{contract.description} {contract.grain}"
    if entry.get("description") != wanted:
        yield Finding(
            file, entry.at("description", "name"), "drift", f"{contract.identifier}: the contract says '{wanted}'"
        )
    columns = {str(c.get("name")): c for c in entry.items_of("columns")}
    declared = {c.name: c for c in contract.columns}
    for name, column in columns.items():
        if name not in declared:
            yield Finding(file, column.line, "drift", f"{contract.identifier}: its contract has no column '{name}'")
        elif not column.get("description"):
            yield Finding(file, column.line, "description", f"{contract.identifier}.{name} has no description")
        elif column["description"] != declared[name].description:
            message = f"{contract.identifier}.{name}: the contract says '{declared[name].description}'"
            yield Finding(file, column.at("description"), "drift", message)
    for name in declared.keys() - columns.keys():
        yield Finding(*place_of(contract, name), "drift", f"{contract.identifier}: {file.name} has no column '{name}'")
    if columns.keys() == declared.keys() and list(columns) != list(declared):
        yield Finding(
            file,
            entry.at("columns"),
            "drift",
            f"{contract.identifier}: columns stand in another order than in the contract",
        )


def check_owners(project: Project) -> Iterator[Finding]:
    """Every owner is a team that is registered, and dbt's groups name the owners of the contracts."""
    registry = project.domains / TEAMS
    teams = _teams(registry)
    for name, team in teams.items():
        if not team.get("description"):
            yield Finding(registry, team.line, "owner", f"{name} has no description")
    owners: dict[str, set[str]] = {}
    for contract in (*project.contracts.values(), *ANSWERED):
        owners.setdefault(contract.domain, set()).add(contract.owner)
        if contract.owner not in teams:
            yield _unknown(contract.owner, _place_of_owner(contract), teams)
    for file, group in project.groups:
        owner = group.get("owner")
        name = owner.get("name") if isinstance(owner, Entry) else None
        line = owner.line if isinstance(owner, Entry) else group.line
        if name not in owners.get(str(group.get("name")), {name}):
            yield Finding(
                file, line, "owner", f"group {group['name']}: its contracts name {', '.join(owners[group['name']])}"
            )
        if name not in teams:
            yield _unknown(str(name), (file, line), teams)


def _teams(registry: Path) -> dict[str, Entry]:
    teams = read_yaml(registry).get("teams") or {}
    return {str(name): team for name, team in teams.items() if isinstance(team, Entry)}


def _unknown(owner: str, place: tuple[Path, int], teams: dict[str, Entry]) -> Finding:
    known = ", ".join(sorted(teams))
    return Finding(*place, "owner", f"{owner} is no team of lakehouse_assets/domains/{TEAMS}; known: {known}")


def _place_of_owner(contract: Contract) -> tuple[Path, int]:
    """Where the owner of a contract is written: in its own module, or in that of its domain."""
    file, line = place_of(contract)
    for candidate in (file, *(p / "__init__.py" for p in file.parents[:2])):
        if candidate.is_file() and f'"{contract.owner}"' in candidate.read_text(encoding="utf-8"):
            return candidate, line_with(candidate, f'"{contract.owner}"')
    return file, line
