"""Semantic models, metrics and saved queries: that they name what exists, and explain themselves to people.

Belongs here: the YAML of semantic/models against the contracts. Does not belong here: whether dbt and MetricFlow
accept it (dbt says that itself, see checks).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.located import Entry, place_of
from lakehouse_assets.checking.project import Project, meta_of, words_of
from lakehouse_assets.domains import DOMAINS
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.evaluation import DIALECT

FORMATS = ("integer", "decimal", "percent", "hours", "currency")
_REF = re.compile(r"""^\s*ref\(\s*['"](\w+)['"]\s*\)\s*$""")
_GROUPED = re.compile(r"""(?:Dimension|TimeDimension)\(\s*'([^']+)'(?:\s*,\s*'(\w+)')?\s*\)""")


def check_semantics(project: Project) -> Iterator[Finding]:
    """Every semantic model stands on a declared table, and everything people may name is explained."""
    tables = {c.table: c for c in project.contracts.values()}
    shared = {part.get("name") for _, model in project.semantic_models for part in model.items_of("dimensions")}
    for file, model in project.semantic_models:
        yield from _model(file, model, tables)
        for dimension in model.items_of("dimensions"):
            yield from _value_names(file, dimension, shared)
    for file, metric in project.metrics:
        yield from _metric(file, metric)
    yield from _standing(project)
    yield from _twice(project)
    yield from _saved_queries(project)


def _model(file: Path, model: Entry, tables: Mapping[str, Contract]) -> Iterator[Finding]:
    name = model.get("name")
    yield from _explained(file, model, f"semantic model {name}")
    ref = _REF.match(str(model.get("model", "")))
    contract = tables.get(ref[1]) if ref else None
    if contract is None:
        yield Finding(file, model.at("model"), "semantic", f"{name}: no contract declares {model.get('model')}")
        return
    for kind in ("dimensions", "measures", "entities"):
        for part in model.items_of(kind):
            yield from _columns(file, part, contract)
            if kind == "dimensions":
                yield from _explained(file, part, f"dimension {name}.{part.get('name')}", synonyms=True)
                yield from _instants(file, part, contract)
            elif kind == "measures" and not part.get("description"):
                yield Finding(file, part.line, "description", f"measure {part.get('name')} has no description")


def _columns(file: Path, part: Entry, contract: Contract) -> Iterator[Finding]:
    """Columns that a dimension, measure or entity reads and its table does not have."""
    text = str(part.get("expr") or part.get("name"))
    try:
        tree = sqlglot.parse_one(text, read=DIALECT)
    except SqlglotError as error:
        yield Finding(file, part.at("expr"), "semantic", f"'{text}' is not SQL: {str(error).splitlines()[0]}")
        return
    for column in sorted({c.name for c in tree.find_all(exp.Column)} - set(contract.column_names)):
        yield Finding(
            file, part.at("expr"), "drift", f"{part.get('name')}: {contract.identifier} has no column '{column}'"
        )


def _instants(file: Path, dimension: Entry, contract: Contract) -> Iterator[Finding]:
    """Times whose days would be those of UTC in any time zone, and columns named as instants that are none."""
    name, types = dimension.get("name"), contract.types
    text, said = str(dimension.get("expr") or name), list((meta_of(dimension) or {}).get("instants") or [])
    if dimension.get("type") == "time" and types.get(text) == "TIMESTAMP" and text not in said:
        yield Finding(
            file, dimension.at("config"), "semantic", f"dimension {name}: its days are those of UTC; "
            f"config: {{meta: {{instants: [{text}]}}}} makes them those of the project's time zone",
        )  # fmt: skip
    for column in (str(item) for item in said if types.get(str(item)) != "TIMESTAMP"):
        yield Finding(
            file,
            dimension.at("config"),
            "drift",
            f"dimension {name}: {contract.identifier} has no timestamp '{column}'",
        )


def _value_names(file: Path, dimension: Entry, known: Container[str]) -> Iterator[Finding]:
    """Names of codes in another shape than they are read, or in a dimension that is in no model that shares it."""
    meta: Mapping[str, Any] = meta_of(dimension) or {}
    name, at, labels = dimension.get("name"), dimension.at("config"), meta.get("value_labels", {})
    if not isinstance(labels, Mapping) or not all(isinstance(said, str) and said.strip() for said in labels.values()):
        yield Finding(file, at, "semantic", f"dimension {name}: meta.value_labels is a map of codes to their names")
    if not isinstance(meta.get("value_words", False), bool):
        yield Finding(file, at, "semantic", f"dimension {name}: meta.value_words is true or false")
    if "value_names" in meta and (meta["value_names"] not in known or meta["value_names"] == name):
        said = f"dimension {name}: meta.value_names is another dimension, not '{meta['value_names']}'"
        yield Finding(file, at, "drift", said)


def _metric(file: Path, metric: Entry) -> Iterator[Finding]:
    name = str(metric.get("name"))
    yield from _explained(file, metric, f"metric {name}", synonyms=True)
    meta: Mapping[str, Any] = meta_of(metric) or {}
    domain = str(meta.get("domain") or name.split("_")[0])
    if domain not in DOMAINS or not name.startswith(f"{domain}_"):
        yield Finding(
            file, metric.line, "semantic", f"metric {name}: names begin with the domain; its meta.domain may say which"
        )
    if meta.get("format") not in FORMATS:
        yield Finding(
            file, metric.at("config"), "semantic", f"metric {name}: meta.format is one of {', '.join(FORMATS)}"
        )
    if not meta.get("unit"):
        yield Finding(file, metric.at("config"), "semantic", f"metric {name}: meta.unit is missing")
    if not isinstance(meta.get("insights", True), bool):
        yield Finding(file, metric.at("config"), "semantic", f"metric {name}: meta.insights is true or false")


def _standing(project: Project) -> Iterator[Finding]:
    """Metrics said to stand for the domain or to be variants of another: each is one thing, and of what there is."""
    metas = {str(metric.get("name")): meta_of(metric) or {} for _, metric in project.metrics}
    for file, metric in project.metrics:
        name, meta = str(metric.get("name")), meta_of(metric) or {}
        headline, of = meta.get("headline"), meta.get("variant_of")
        said = None
        if headline is not None and (isinstance(headline, bool) or not isinstance(headline, int) or headline < 1):
            said = "meta.headline is its place among the figures that stand for the domain, a number from 1"
        elif of is not None and headline is not None:
            said = "a variant of another metric cannot stand for the domain: leave out meta.headline or meta.variant_of"
        elif of is not None and (str(of) not in metas or of == name):
            said = f"meta.variant_of names another metric, and '{of}' is none"
        elif of is not None and metas[str(of)].get("variant_of") is not None:
            said = f"'{of}' is a variant itself; meta.variant_of names the metric that both are variants of"
        if said:
            yield Finding(file, metric.at("config"), "semantic", f"metric {name}: {said}")


def _explained(file: Path, entry: Entry, what: str, *, synonyms: bool = False) -> Iterator[Finding]:
    """A label, a description that is a sentence, other words for it."""
    if not entry.get("label"):
        yield Finding(file, entry.line, "description", f"{what} has no label")
    if not str(entry.get("description") or "").strip().endswith("."):
        yield Finding(file, entry.at("description"), "description", f"{what} has no description that is a sentence")
    if synonyms and not (meta_of(entry) or {}).get("synonyms"):
        yield Finding(file, entry.at("config"), "description", f"{what} has no synonyms: other words people use for it")


def _twice(project: Project) -> Iterator[Finding]:
    """Words that mean two metrics of one domain: a question with them could only be asked back."""
    meant: dict[tuple[str, str], str] = {}
    for file, metric in project.metrics:
        name = str(metric.get("name"))
        domain = str((meta_of(metric) or {}).get("domain") or name.split("_")[0])
        for word in sorted(words_of(metric)):
            other = meant.setdefault((domain, word), name)
            if other != name:
                yield Finding(file, metric.at("config"), "synonym", f"'{word}' means {other} and {name}")


def _saved_queries(project: Project) -> Iterator[Finding]:
    """A saved query and the contract of its table know each other and have the same columns."""
    declared = {c.table: c for c in project.contracts.values() if c.made_by == "saved_query"}
    stated: set[str] = set()
    for file, query in project.saved_queries:
        name = str(query.get("name"))
        stated.add(name)
        yield from _explained(file, query, f"saved query {name}")
        contract = declared.get(name)
        if contract is None:
            yield Finding(
                file, query.line, "orphan", f"no contract declares semantic.{name}, in which {name} is stored"
            )
            continue
        params = query.get("query_params")
        columns = _columns_of(params) if isinstance(params, Entry) else set()
        for column in sorted(columns - set(contract.column_names)):
            yield Finding(
                file, query.at("query_params"), "drift", f"semantic.{name}: its contract has no column '{column}'"
            )
        for column in sorted(set(contract.column_names) - columns):
            yield Finding(*place_of(contract, column), "drift", f"saved query {name} has no '{column}'")
    for table in sorted(declared.keys() - stated):
        yield Finding(
            *place_of(declared[table]), "orphan", f"semantic.{table} is declared, but there is no such saved query"
        )


def _columns_of(params: Entry) -> set[str]:
    """The columns that a saved query gives: its metrics, its dimensions by their short names, times by their grain."""
    found = {str(m) for m in params.get("metrics") or []}
    for text in params.get("group_by") or []:
        for name, grain in _GROUPED.findall(str(text)):
            short = name.split("__")[-1]
            found.add(
                f"{short.removesuffix('_time')}_{grain}"
                if name == "metric_time" and grain
                else f"{short}_{grain}"
                if grain
                else short
            )
    return found
