"""A design as files of the project.

Belongs here: which file is made from which template, and what templates may call. Does not belong here: the text of
the files (templates), or what the domain is (design).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.design import Column, Design, Feed
from lakehouse_assets.drafting.metrics import Metric, metrics_of

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
LINE, SQL_LINE = 120, 110
_LOADED = [
    Column("record_key", "VARCHAR", "MD5 of the source's deduplication key: equal for copies of one record.", False),
    Column("load_id", "VARCHAR", "Load that brought the row in.", False),
    Column("source", "VARCHAR", "Name of the source definition the row was read with.", False),
    Column("loaded_at", "TIMESTAMP", "When the row was loaded, in UTC.", False),
]
_RECEIVED = [
    Column("raw_payload", "VARCHAR", "The record exactly as it was received.", False),
    *_LOADED[:3],
    Column("source_file", "VARCHAR", "File the row was read from.", False),
    Column("source_row", "BIGINT", "Number of the record in that file, from 1.", False),
    _LOADED[3],
]


class DraftExistsError(Exception):
    """A file of the draft is there already; nothing was written."""


def write(design: Design, root: Path, taken: Collection[str] = ()) -> list[Path]:
    """Write the files of a draft; all of them, or none.

    Args:
        design: The draft.
        root: Root of the project.
        taken: Words, in lower case, that mean metrics of other domains.

    Raises:
        DraftExistsError: one of the files exists.
    """
    files = {root / path: text for path, text in rendered(design, taken).items()}
    if there := [str(path) for path in files if path.exists()]:
        raise DraftExistsError(
            f"{', '.join(there)} exists; a draft never overwrites. Choose another name, or remove it."
        )
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def rendered(design: Design, taken: Collection[str] = ()) -> dict[str, str]:
    """The text of each file, by its path in the project."""
    environment, name = _environment(design, taken), design.name
    package, silver, gold = (
        f"lakehouse_assets/domains/{name}",
        f"dbt_project/models/silver/{name}",
        f"dbt_project/models/gold/{name}",
    )
    wanted: list[tuple[str, str, Feed | None]] = [
        (f"{package}/__init__.py", "init.py", None),
        (f"{package}/sources.yml", "sources.yml", None),
        (f"{package}/contracts.py", "contracts.py", None),
        (f"{silver}/sources.yml", "dbt_sources.yml", None),
        (f"semantic/models/{name}/semantic_models.yml", "semantic_models.yml", None),
        (f"semantic/models/{name}/metrics.yml", "metrics.yml", None),
    ]
    for feed in design.feeds:
        wanted += [(f"{silver}/silver_{feed.name}.{kind}", f"silver.{kind}", feed) for kind in ("sql", "yml")]
        wanted += [(f"{gold}/gold_{feed.name}_daily.{kind}", f"gold.{kind}", feed) for kind in ("sql", "yml")]
    return {path: environment.get_template(f"{template}.j2").render(feed=feed) for path, template, feed in wanted}


def _environment(design: Design, taken: Collection[str]) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # dbt's own Jinja and YAML's braces stand in the templates as they are.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True,
        block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<#", comment_end_string="#>",
    )  # fmt: skip
    metrics = _metrics(design, taken)
    environment.filters |= {
        "about": _about,
        "argument": _argument,
        "comment": _comment,
        "expression": naming.expression,
        "field": _field,
        "grain": _grain,
        "label": naming.label,
        "listed": _listed,
        "metrics": lambda feed: metrics[feed.name],
        "model": _model,
        "summary_key": _summary_key,
        "table": _table,
        "told": lambda feed, kind: f"{_about(feed, kind)} {_grain(feed, kind)}",
        "trimmed": lambda text: text.rstrip("."),
        "tuple": _tuple,
        "yaml": _yaml,
    }
    tables = [c for feed in design.feeds for kind in ("raw", "gold") for c in _table(feed, kind)]
    environment.globals |= {"design": design, "uses_amounts": any(c.polars == "Amount" for c in tables)}
    return environment


def _metrics(design: Design, taken: Collection[str]) -> dict[str, list[Metric]]:
    used, found = set(taken), {}
    for feed in design.feeds:
        found[feed.name] = metrics_of(feed, used)
        used |= {word.lower() for m in found[feed.name] for word in (m.label, *m.synonyms)}
    return found


def _table(feed: Feed, kind: str) -> list[Column]:
    """The columns of a feed's table in bronze (`raw`), silver or gold."""
    if kind == "raw":
        return [*feed.columns, *_RECEIVED]
    if kind == "silver":
        return [*feed.columns, *_LOADED]
    things = feed.things
    counted = Column("row_count", "BIGINT", f"Number of {things}.", False)
    sums = [
        Column(f"total_{c.name}", c.type, f"Sum of {naming.words(c.name)}.", c.nullable) for c in feed.summary_measures
    ]
    return [feed.day, feed.columns[1 if feed.time is None else 2], *feed.summary_dimensions, counted, *sums]


def _summary_key(feed: Feed) -> list[str]:
    return [feed.day.name, "tenant_id", *(c.name for c in feed.summary_dimensions)]


def _about(feed: Feed, kind: str) -> str:
    """What a table is, in a sentence."""
    if kind == "raw":
        return f"Every {feed.thing} as it arrived: what was received, never changed."
    if kind == "silver":
        return f"The {feed.things}, each once, in its latest version."
    return f"How many {feed.things} there were on each day, and what they add up to."


def _grain(feed: Feed, kind: str) -> str:
    if kind == "raw":
        return f"One row per {feed.thing} and load that brought it."
    if kind == "silver":
        return f"One row per {feed.thing}."
    *first, last = ["day", "tenant", *(naming.words(c.name) for c in feed.summary_dimensions)]
    return f"One row per {', '.join(first)} and {last} with any {feed.thing}."


def _model(feed: Feed, kind: str) -> str:
    """Name of the class that describes a table."""
    name = {"raw": f"{feed.name}_raw", "silver": f"silver_{feed.name}", "gold": f"gold_{feed.name}_daily"}[kind]
    return "".join(part.capitalize() for part in name.split("_"))


def _field(column: Column) -> str:
    """A column as a line of a table model, or several where one is too short."""
    arguments = [_text(column.description), *(["nullable=True"] if column.nullable else [])]
    if column.name == "source_row":
        arguments.append("ge=1")
    line = f"    {column.name}: {column.polars} = column({', '.join(arguments)})"
    if len(line) <= LINE:
        return line.strip()
    return f"{column.name}: {column.polars} = column(\n        {', '.join(arguments)}\n    )"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _tuple(names: Sequence[str]) -> str:
    """The key of a contract, a name a line where they do not fit on one."""
    inner = ", ".join(_text(n) for n in names)
    if len(inner) <= LINE - len("        key=(),"):
        return f"key=({inner}),"
    return "key=(\n" + "".join(f"            {_text(n)},\n" for n in names) + "        ),"


def _argument(text: str, name: str) -> str:
    """A text as an argument of a contract, in several pieces where it does not fit on a line."""
    line = f"{name}={_text(text)},"
    if len(line) <= LINE - 8:
        return line
    pieces = textwrap.wrap(text, LINE - 20, drop_whitespace=False)
    return f"{name}=(\n" + "".join(f"            {_text(p)}\n" for p in pieces) + "        ),"


def _listed(names: Sequence[str]) -> str:
    """Names in SQL after a keyword, a name a line where they do not fit on one."""
    line = f" {', '.join(names)}"
    return line if len(line) <= SQL_LINE - len("group by") else "\n    " + ",\n    ".join(names)


def _comment(text: str) -> str:
    """A text as comment of SQL."""
    return textwrap.fill(text, SQL_LINE, initial_indent="-- ", subsequent_indent="-- ")


def _yaml(value: Any) -> str:
    """A value on one line of YAML, quoted where it must be."""
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
