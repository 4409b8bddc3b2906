"""Source definitions: that they can be read, and that what they name exists.

Belongs here: sources.yml of the domains. Does not belong here: how a source is applied (ingest).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.located import Entry, place_of, read_yaml
from lakehouse_assets.checking.project import Project
from lakehouse_assets.ingest.contracts import CONTRACTS as INGESTED
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.loads.staging import check_mapping
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.mapping.targets import TECHNICAL
from lakehouse_assets.ingest.sources import FILE_NAME, Source, read_sources
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.zones import NO_ZONE

_LINE = re.compile(r", line (\d+)")


def check_sources(project: Project) -> Iterator[Finding]:
    """Every source reads, has a name of its own, and fills columns that its target has."""
    # One engine for all: it takes as long to start as a source to be checked.
    with open_closed() as con:
        yield from _sources(project, con)


def _sources(project: Project, con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    first: dict[str, Path] = {}
    filled = {c.identifier for c in INGESTED}
    for path in sorted(project.domains.glob(f"*/{FILE_NAME}")):
        try:
            sources = read_sources(path)
        except SourceError as error:
            yield from (located(path, line, "source") for line in str(error).splitlines())
            continue
        entries = {str(e.get("name")): e for e in read_yaml(path).items_of("sources")}
        for source in sources:
            entry = entries[source.name]
            if (other := first.setdefault(source.name, path)) != path:
                yield Finding(
                    path, entry.line, "source", f"source '{source.name}' is stated in {other.parent.name} too"
                )
            filled.add(source.target)
            yield from _source(project, con, path, source, entry)
    for identifier, contract in project.contracts.items():
        if contract.made_by == "ingest" and identifier not in filled:
            yield Finding(*place_of(contract), "source", f"no source fills {identifier}", "warning")


def _source(
    project: Project, con: duckdb.DuckDBPyConnection, path: Path, source: Source, entry: Entry
) -> Iterator[Finding]:
    contract = project.contracts.get(source.target)
    if contract is None:
        known = ", ".join(sorted(i for i, c in project.contracts.items() if c.layer == "bronze"))
        yield Finding(
            path, entry.at("target"), "source", f"{source.name}: no contract declares {source.target}; known: {known}"
        )
        return
    unknown = list(_unknown_columns(path, source, contract, entry))
    yield from unknown
    if unknown:
        return
    tenant = None if source.tenant else "any"
    try:
        mapping = RecordMapping(source, contract, zone=NO_ZONE, tenant=tenant)
        check_mapping(con, mapping)
    except SourceError as error:
        message = str(error).removeprefix(f"{source.origin}: ")
        field = re.search(r"field '(?:columns\.)?(\w+)", message)
        columns = entry.get("columns")
        named = columns.at(field[1]) if field and isinstance(columns, Entry) else entry.at("columns")
        yield Finding(path, named, "source", message)


def _unknown_columns(path: Path, source: Source, contract: Contract, entry: Entry) -> Iterator[Finding]:
    known = set(contract.column_names) - set(TECHNICAL)
    parts = [entry, *entry.items_of("events")]
    for stated in (p[key] for p in parts for key in ("columns", "constants") if isinstance(p.get(key), Entry)):
        for name in stated:
            if name not in known:
                message = (
                    f"{source.name}: {contract.identifier} has no column '{name}'; it has {', '.join(sorted(known))}"
                )
                yield Finding(path, stated.lines[name], "source", message)


def located(path: Path, text: str, rule: str) -> Finding:
    """What a line of a DeclarationError says, which names its place."""
    found = _LINE.search(text)
    return Finding(path, int(found[1]) if found else 1, rule, text.split(": ", 1)[-1])
