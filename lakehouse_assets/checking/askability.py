"""How well a layer can be asked: what in its words makes questions be asked back or refused, and what to write.

Belongs here: judging names, descriptions, entities, codes and times as a planner of questions meets them, and the score
of each domain. Does not belong here: what keeps a layer from being sound at all (``semantics``).

Everything here is a warning: the layer works, people only need more tries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse_assets.checking.findings import Finding
from lakehouse_assets.checking.located import Entry
from lakehouse_assets.checking.project import Project, meta_of, words_of
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.evaluation import DIALECT
from nlq.english.forms import singular
from nlq.english.general import GLUE
from nlq.english.tokens import words_of as parts_of

RULE = "askability"
_COUNTED = (RULE, "synonym", "description")
"""Rules whose findings are of a term as people may name it."""
_CODES = frozenset({"code", "cd", "key"})
_SHORT = 2
"""A value of so many letters or fewer says nothing by itself."""


class Term(NamedTuple):
    """A metric or a dimension, where it is declared, and its name for people to find it by."""

    file: Path
    entry: Entry
    kind: str
    name: str
    domain: str


def check_askability(project: Project) -> Iterator[Finding]:
    """What makes a layer hard to ask, each with what to write."""
    terms = list(_terms(project))
    for term in terms:
        yield from _said_twice(term)
    yield from _collisions(terms)
    yield from _unnamed_entities(project)
    yield from _codes(project)
    yield from _constant_times(project)


def scores(project: Project, findings: Iterable[Finding]) -> dict[str, int]:
    """By domain, the share of its metrics and dimensions of which nothing is found, in percent."""
    total: dict[str, int] = defaultdict(int)
    places: dict[str, set[tuple[Path, int]]] = defaultdict(set)
    for term in _terms(project):
        total[term.domain] += 1
    for finding in findings:
        if finding.rule in _COUNTED and finding.file.is_relative_to(project.semantic):
            places[_domain_of(project, finding.file)].add((finding.file, finding.line))
    return {domain: max(0, round(100 * (1 - len(places[domain]) / count))) for domain, count in sorted(total.items())}


def _terms(project: Project) -> Iterator[Term]:
    for file, metric in project.metrics:
        name = str(metric.get("name"))
        yield Term(file, metric, "metric", name, _domain_of(project, file))
    for file, model in project.semantic_models:
        for dimension in model.items_of("dimensions"):
            name = f"{model.get('name')}.{dimension.get('name')}"
            yield Term(file, dimension, "dimension", name, _domain_of(project, file))


def _domain_of(project: Project, file: Path) -> str:
    return file.relative_to(project.semantic).parts[0] if file.is_relative_to(project.semantic) else ""


def _said_twice(term: Term) -> Iterator[Finding]:
    """A description that only repeats the name tells nobody what it means."""
    said = _form(str(term.entry.get("description") or ""))
    names = [str(term.entry.get("label") or ""), str(term.entry.get("name") or "")]
    if said and any(said == _form(name) for name in names):
        message = f"{term.kind} {term.name}: its description only repeats its name; say what is counted or told apart"
        yield Finding(term.file, term.entry.at("description"), RULE, message, "warning")


def _collisions(terms: Iterable[Term]) -> Iterator[Finding]:
    """Words that are both a metric and a dimension of one domain: only their place in a question tells which.

    What a metric counts may be called the same, for its place does tell: an order and orders, returned ones and
    returns. So may a time, by which metrics go anyway.
    """
    called: dict[tuple[str, tuple[str, ...]], Term] = {}
    others: list[tuple[tuple[str, ...], Term]] = []
    for term in terms:
        for words in sorted({_form(text) for text in words_of(term.entry)} - {()}):
            if term.kind == "metric":
                called.setdefault((term.domain, words), term)
            elif not _is_counted(term.entry):
                others.append((words, term))
    for words, term in others:
        if other := called.get((term.domain, words)):
            message = (
                f"“{' '.join(words)}” is the metric {other.name} and the dimension {term.name}: give one of them a "
                "word of its own, such as “number of …” to the figure"
            )
            yield Finding(term.file, term.entry.at("config"), RULE, message, "warning")


def _is_counted(dimension: Entry) -> bool:
    """Whether a dimension tells things apart that are counted, one by one or by yes and no, or is a time."""
    name, meta = str(dimension.get("name")), meta_of(dimension) or {}
    keyed = bool(meta.get("identifier")) or name.endswith("_id") or name.startswith(("is_", "has_", "was_"))
    return keyed or dimension.get("type") == "time"


def _unnamed_entities(project: Project) -> Iterator[Finding]:
    """What other models refer to must be called something: an entity without a dimension that names it cannot be."""
    referred = {
        str(entity.get("name"))
        for _, model in project.semantic_models
        for entity in model.items_of("entities")
        if entity.get("type") == "foreign"
    }
    for file, model in project.semantic_models:
        own = [str(e.get("name")) for e in model.items_of("entities") if e.get("type") in ("primary", "unique")]
        own += [str(model["primary_entity"])] if model.get("primary_entity") else []
        names = {str(d.get("name")) for d in model.items_of("dimensions")}
        for entity in sorted(set(own) & referred):
            if not names & {entity, f"{entity}_name", f"{entity}_id", "name", "title", "label"}:
                message = (
                    f"{model.get('name')}: no dimension names a {entity.replace('_', ' ')}; add one, such as "
                    f"{entity}_name, so that figures can be told by it"
                )
                yield Finding(file, model.at("primary_entity", "entities"), RULE, message, "warning")


def _codes(project: Project) -> Iterator[Finding]:
    """Values that say nothing by themselves, where neither a name beside them nor the description does."""
    tables = {c.table: c for c in project.contracts.values()}
    for file, model in project.semantic_models:
        contract = tables.get(str(model.get("model", "")).removeprefix("ref('").removesuffix("')"))
        names = {str(d.get("name")) for d in model.items_of("dimensions")}
        for dimension in model.items_of("dimensions"):
            name = str(dimension.get("name"))
            stub = name.rsplit("_", 1)[0]
            coded = name.rsplit("_", 1)[-1] in _CODES and f"{stub}_name" not in names and stub not in names
            silent = _silent_values(contract, dimension)
            meta = meta_of(dimension) or {}
            named = {str(code) for code in meta.get("value_labels") or ()}
            told = "value_names" in meta or all(
                value in str(dimension.get("description") or "") or value in named for value in silent
            )
            if (coded and not silent and not named and not _examples(dimension)) or (silent and not told):
                values = f" ({', '.join(silent[:4])})" if silent else ""
                message = (
                    f"dimension {model.get('name')}.{name}: its values{values} are codes; add a dimension "
                    f"{stub}_name with what they are called, or name each in meta.value_labels or the description"
                )
                yield Finding(file, dimension.at("description"), RULE, message, "warning")


def _silent_values(contract: Contract | None, dimension: Entry) -> list[str]:
    """The values that a contract allows, where they are numbers or a letter or two."""
    column = str(dimension.get("expr") or dimension.get("name"))
    if contract is None or column not in contract.column_names:
        return []
    checks = contract.model.to_schema().columns[column].checks
    allowed = next((c.statistics["allowed_values"] for c in checks if "allowed_values" in (c.statistics or {})), ())
    texts = [str(value) for value in allowed]
    return texts if texts and all(len(text) <= _SHORT or text.isdigit() for text in texts) else []


def _examples(dimension: Entry) -> bool:
    """Whether a description names values, as “such as STREETLIGHT” does."""
    return any(word in str(dimension.get("description") or "") for word in ("such as", "for example", "e.g.", "from "))


def _constant_times(project: Project) -> Iterator[Finding]:
    """A time that is one day for all rows: every question of when has one answer."""
    for file, model in project.semantic_models:
        for dimension in model.items_of("dimensions"):
            text = dimension.get("expr")
            if dimension.get("type") == "time" and text is not None and _is_constant(str(text)):
                message = (
                    f"dimension {model.get('name')}.{dimension.get('name')}: every row has the same time; take a "
                    "column that says when, or tell in its description that these figures know no time"
                )
                yield Finding(file, dimension.at("expr"), RULE, message, "warning")


def _is_constant(text: str) -> bool:
    try:
        tree = sqlglot.parse_one(text, read=DIALECT)
    except SqlglotError:
        return False  # ``semantics`` tells of it
    return next(tree.find_all(exp.Column), None) is None


def _form(text: str) -> tuple[str, ...]:
    """The words of a text that tell something, in the singular."""
    return tuple(singular(word) for word in parts_of(text) if word not in GLUE | {"in"})


def overall(by_domain: Mapping[str, int]) -> int:
    """The score of a whole project: that of its domains on average; 100 where there are none."""
    return round(sum(by_domain.values()) / len(by_domain)) if by_domain else 100
