"""A design as files of the project.

Belongs here: which file is made from which template, and what templates may call. Does not belong here: the text of
the files (templates), or what the domain is (design).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.design import Column, Design, Feed
from lakehouse_assets.drafting.metrics import metrics_of
from lakehouse_assets.drafting.tables import Tables
from lakehouse_assets.drafting.trial import trial_of

TEMPLATES = Path(__file__).parent / "templates"
LINE, SQL_LINE = 120, 110


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
    package, models, tests = (
        f"lakehouse_assets/domains/{name}",
        f"semantic/models/{name}",
        f"dbt_project/tests/{name}",
    )
    silver, gold = (f"dbt_project/models/{layer}/{name}" for layer in ("silver", "gold"))
    wanted: list[tuple[str, str, Feed | None]] = [
        (f"{package}/__init__.py", "init.py", None),
        (f"{package}/sources.yml", "sources.yml", None),
        (f"{package}/contracts.py", "contracts.py", None),
        (f"{silver}/sources.yml", "dbt_sources.yml", None),
        (f"{models}/semantic_models.yml", "semantic_models.yml", None),
        (f"{models}/metrics.yml", "metrics.yml", None),
        (f"{models}/saved_queries.yml", "saved_queries.yml", None),
    ]
    for feed in design.feeds:
        wanted += [(f"{silver}/silver_{feed.name}.{kind}", f"silver.{kind}", feed) for kind in ("sql", "yml")]
        wanted += [(f"{gold}/gold_{feed.name}_daily.{kind}", f"gold.{kind}", feed) for kind in ("sql", "yml")]
        steps = ("bronze_to_silver", "silver_to_gold")
        wanted += [(f"{tests}/{feed.name}_{step}.sql", f"{step}.sql", feed) for step in steps]
    return {path: environment.get_template(f"{template}.j2").render(feed=feed) for path, template, feed in wanted}


def _environment(design: Design, taken: Collection[str]) -> Environment:
    # dbt's own Jinja and YAML's braces stand in the templates as they are.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True,
        block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
        comment_start_string="<#", comment_end_string="#>",
    )  # fmt: skip
    tables = _tables(design, taken)
    environment.filters |= {
        "argument": _argument,
        "comment": _comment,
        "field": _field,
        "label": naming.label,
        "listed": _listed,
        "tables": lambda feed: tables[feed.name],
        "total": _total,
        "told": lambda table: f"{table.description} {table.grain}",
        "trial": trial_of,
        "trimmed": lambda text: text.rstrip("."),
        "tuple": _tuple,
        "yaml": _yaml,
    }
    columns = [c for own in tables.values() for table in own.all for c in table.columns]
    exact = sorted({(c.polars, c.type[8:-1].replace(",", ", ")) for c in columns if c.type.startswith("DECIMAL")})
    environment.globals |= {"design": design, "exact": exact}
    return environment


def _total(column: Column, indent: int, prefix: str = "") -> str:
    """The sum of a column, in SQL at an indentation: of whole numbers in what engines sum without a limit."""
    name = f"{prefix}{column.name}"
    summed = f"cast({name} as decimal(38, 0))" if column.type == "BIGINT" else name
    line = f"sum({summed}) as total_{column.name}"
    if indent + len(line) < SQL_LINE:
        return line
    margin = " " * indent
    return f"sum(\n{margin}    {summed}\n{margin}) as total_{column.name}"


def _tables(design: Design, taken: Collection[str]) -> dict[str, Tables]:
    """The tables of each feed; no two metrics share a word."""
    used, found = set(taken), {}
    for feed in design.feeds:
        found[feed.name] = Tables(feed, metrics_of(feed, used))
        used |= {word.lower() for m in found[feed.name].metrics for word in (m.label, *m.synonyms)}
    return found


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
    """A text as Python writes it, in the quotes that need fewer escapes."""
    written = json.dumps(text, ensure_ascii=False)
    if text.count('"') <= text.count("'"):
        return written
    inner = written[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def _tuple(names: Sequence[str]) -> str:
    """The key of a contract, a name a line where they do not fit on one."""
    inner = ", ".join(_text(n) for n in names) + ("," if len(names) == 1 else "")
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
