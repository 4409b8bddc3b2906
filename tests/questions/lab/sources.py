"""Reads schemas and questions from local copies of the published sets; each copy is a checkout or a git directory.

Belongs here: the file formats of the sets. Does not belong here: which databases are taken (``databases.yml``), and
what is made of them.
"""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from tests.questions.lab.schema import Column, Schema, Table, duckdb_type, with_types_of_parents

IBM = "IBM/text2sql-eval-toolkit"
KAGGLE = "Chia-Hsuan-Lee/KaggleDBQA"
DEFOG_QUESTIONS, DEFOG_DATA = "defog-ai/sql-eval", "defog-ai/defog-data"
STATBOT, STATBOT_DATA = "dscc-admin-ch/statbot.swiss", "statistikZH/statbotData"
STATBOT_FILES = "data/statbot/nl2sql_data"
CWD = "datadotworld/cwd-benchmark-data"
MOST_ALTERNATIVES = 8
DECLARED = {"number": "NUMBER", "text": "TEXT", "time": "TIMESTAMP"}
DEFOG_FILES = ("questions_gen_postgres", "instruct_basic_postgres", "instruct_advanced_postgres")


@dataclass(frozen=True)
class Question:
    """A question as published; ``gold`` are the SQL texts its set takes as right, in ``dialect``."""

    id: str
    question: str
    gold: Sequence[str]
    dialect: str
    evidence: str = ""


@dataclass(frozen=True)
class Copies:
    """A folder of copies, each in ``owner+name/repo``, ``owner+name``, ``owner/name`` or ``name``."""

    folder: Path

    def read(self, repository: str, path: str) -> str:
        """The text of one file. Raises FileNotFoundError that says what was looked for."""
        owner, name = repository.split("/")
        for place in (f"{owner}+{name}/repo", f"{owner}+{name}", f"{owner}/{name}", name):
            copy = self.folder / place
            if (copy / path).is_file():
                return (copy / path).read_text(encoding="utf-8")
            if (copy / "HEAD").is_file() or (copy / ".git").exists():
                shown = subprocess.run(
                    ["git", "-C", str(copy), "show", f"HEAD:{path}"], capture_output=True, check=False
                )
                if not shown.returncode:
                    return shown.stdout.decode("utf-8")
        raise FileNotFoundError(f"{path} of {repository} is not under {self.folder}: clone that repository there")


@cache
def _json(copies: Copies, repository: str, path: str) -> Any:
    return json.loads(copies.read(repository, path))


def spider(copies: Copies, name: str) -> tuple[Schema, list[Question]]:
    """A database of the Spider development set."""
    found = _json(copies, IBM, "data/benchmarks/spider-dev.json")
    asked = [
        Question(f"spider-{number}", q["question"], [q["query"]], "sqlite")
        for number, q in enumerate(found)
        if q["db_id"] == name
    ]
    return _toolkit_schema(_json(copies, IBM, "data/benchmarks/spider-dev-schema.json")[name], {}), asked


def bird(copies: Copies, name: str) -> tuple[Schema, list[Question]]:
    """A database of BIRD mini-dev, its columns described by the names the set spells out."""
    found = _json(copies, IBM, "data/benchmarks/bird_mini_dev_sqlite.json")
    asked = [
        Question(f"bird-{q['question_id']}", q["question"], [q["SQL"]], "sqlite", q.get("evidence", ""))
        for q in found
        if q["db_id"] == name
    ]
    original = _json(copies, IBM, "data/benchmarks/bird_mini_dev_sqlite-schema-original.json")
    spelt = next(d for d in original if d["db_id"] == name)
    names = {
        (spelt["table_names_original"][table].lower(), column.lower()): human
        for (table, column), (_, human) in zip(
            spelt["column_names_original"][1:], spelt["column_names"][1:], strict=True
        )
    }
    return _toolkit_schema(_json(copies, IBM, "data/benchmarks/bird_mini_dev_sqlite-schema.json")[name], names), asked


def _toolkit_schema(found: Mapping[str, Any], names: Mapping[tuple[str, str], str]) -> Schema:
    tables = []
    for table in found["tables"].values():
        if table["name"] == "sqlite_sequence":
            continue
        columns = [_toolkit_column(table["name"], c, found["tables"], names) for c in table["columns"]]
        tables.append(Table(table["name"], columns, table["description"]))
    return with_types_of_parents(Schema(found["name"], tables))


def _toolkit_column(table: str, c: Mapping[str, Any], tables: Mapping[str, Any], names: Mapping[Any, str]) -> Column:
    refers = next(((f["target_table"], f["target_column"]) for f in c["foreign_keys"]), None)
    if refers and refers[1] is None:
        keys = [p["name"] for p in tables[refers[0]]["columns"] if p["primary_key"]]
        refers = (refers[0], keys[0]) if keys else None
    human = names.get((table.lower(), c["name"].lower()), "")
    description = c["description"] or ("" if human.lower() == c["name"].lower() else human)
    samples = [s for s in c["value_samples"] if s not in (None, "")]
    kind = duckdb_type(c["type"], samples, c["name"])
    return Column(c["name"], kind, description, bool(c["primary_key"]), refers, samples)


def kaggle(copies: Copies, name: str) -> tuple[Schema, list[Question]]:
    """A database of KaggleDBQA, with its documented columns and coded values."""
    found = next(d for d in _json(copies, KAGGLE, "KaggleDBQA_tables.json") if d["db_id"] == name)
    asked = [
        Question(f"kaggle-{name}-{number}", q["question"], [q["query"]], "sqlite")
        for number, q in enumerate(_json(copies, KAGGLE, f"examples/{name}.json"))
    ]
    codes = found["value_enums"] or {}
    keys = {k for key in found["primary_keys"] for k in (key if isinstance(key, list) else [key])}
    columns: dict[int, list[Column]] = {}
    for number, (table, column) in enumerate(found["column_names_original"]):
        if table < 0:
            continue
        meant = codes.get(column, {})
        described = found["column_descriptions"][number]
        described = described[1] if isinstance(described, list) else described
        if meant:
            described = f"{described}. Codes: " + "; ".join(f"{k} = {v}" for k, v in meant.items())
        kind = duckdb_type(DECLARED.get(found["column_types"][number], "TEXT"), [], column)
        columns.setdefault(table, []).append(Column(column, kind, described, number in keys, None, list(meant)))
    named = found["table_names_original"]
    tables = [Table(named[number], columns[number]) for number in sorted(columns)]
    return Schema(name, tables, found["db_overview"] or ""), asked


def defog(copies: Copies, name: str) -> tuple[Schema, list[Question]]:
    """A database of defog's sets; its rows come with it (``defog_rows``)."""
    asked = []
    for file in DEFOG_FILES:
        rows = csv.DictReader(io.StringIO(copies.read(DEFOG_QUESTIONS, f"data/{file}.csv")))
        for number, row in enumerate(rows):
            if row["db_name"] == name:
                gold = list(alternatives(row["query"]))
                asked.append(
                    Question(f"defog-{file}-{number}", row["question"], gold, "postgres", row.get("instructions") or "")
                )
    found = json.loads(copies.read(DEFOG_DATA, f"defog_data/{name}/{name}.json"))
    tables = [
        Table(
            table.split(".")[-1],
            [Column(c["column_name"], c["data_type"], c["column_description"]) for c in columns],
        )
        for table, columns in found["table_metadata"].items()
    ]
    return Schema(name, tables, found.get("glossary", "")), asked


def defog_rows(copies: Copies, name: str) -> str:
    """The SQL that makes a defog database with its rows, for Postgres.

    Some of its ``to_char`` have a format of MySQL, of which Postgres makes no time; they get the format meant.
    ``min`` is spelt out in intervals, as DuckDB wants it.
    """
    sql = copies.read(DEFOG_DATA, f"defog_data/{name}/{name}.sql")
    sql = sql.replace("'%Y%m%d %H:%i:%s'", "'YYYYMMDD HH24:MI:SS'")
    return re.sub(r"(\d+) min'", r"\1 minutes'", sql)


def _rows(copies: Copies, repository: str, path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(copies.read(repository, path))))


def statbot(copies: Copies, name: str) -> tuple[Schema, list[Question]]:
    """A statistic of StatBot.Swiss with the areas it is told by, and its questions in English."""
    asked = [
        Question(f"statbot-{part}-{number}", q["question"], [q["query"]], "postgres")
        for part in ("train", "test")
        for number, q in enumerate(_rows(copies, STATBOT, f"{STATBOT_FILES}/{part}.csv"))
        if q["db_id"] == name and q["lang"] == "en"
    ]
    told = next(t for t in _rows(copies, STATBOT, f"{STATBOT_FILES}/meta_data_tables.csv") if t["name"] == name)
    columns = [
        _statbot_column(c)
        for c in _rows(copies, STATBOT, f"{STATBOT_FILES}/meta_data_columns.csv")
        if c["table_name"] == name
    ]
    statistic = Table(
        name,
        [
            Column("year", "BIGINT", "year of the figures"),
            Column("spatialunit_uid", "VARCHAR", "area of the figures", refers=("spatial_unit", "spatialunit_uid")),
            *columns,
        ],
        f"{told['title_en']}. {told['discription_en']}",
    )
    return Schema(name, [statistic, _statbot_areas(copies)]), asked


def _statbot_column(c: Mapping[str, str]) -> Column:
    described = "" if c["title_en"] == "null" else c["title_en"]
    if c["data_type"] == "categorical":
        return Column(c["name"], "VARCHAR", described, samples=[v.strip() for v in c["example_values"].split(",")])
    whole = not re.search(r"hectares|percent|million|mio_", c["name"])
    return Column(c["name"], "BIGINT" if whole else "DOUBLE", described)


def _statbot_areas(copies: Copies) -> Table:
    header = statbot_areas(copies).splitlines()[0].replace('"', "").split(",")
    levels = ("country", "canton", "district", "municipal", "residence_area", "neighborhood", "region", "zone")
    columns = [
        Column(
            name,
            "BOOLEAN" if name in levels else "DATE" if name.startswith("valid") else "VARCHAR",
            f"whether the area is a {name}" if name in levels else "",
            key=name == "spatialunit_uid",
        )
        for name in header
    ]
    return Table("spatial_unit", columns, "Areas of Switzerland: the country, its cantons, districts, municipalities.")


def statbot_areas(copies: Copies) -> str:
    """The published areas, as CSV."""
    return copies.read(STATBOT_DATA, "data/const/spatial_unit_postgres.csv")


def statbot_coverage(copies: Copies, name: str) -> str:
    """The years a statistic covers, such as ``1980,1990-2020``."""
    tables = _rows(copies, STATBOT, f"{STATBOT_FILES}/meta_data_tables.csv")
    return next(t["temporal_coverage"] for t in tables if t["name"] == name)


def acme(copies: Copies, name: str) -> tuple[Schema, list[Question]]:
    """The insurer of data.world's benchmark "Chat with your data"."""
    told = copies.read(CWD, f"{name}/investigation/acme-benchmark.ttl")
    nodes = dict(re.findall(r"^dwt:(\S+)\n((?:[ \t]+\S.*\n)+)", told, re.MULTILINE))
    queries = {node: _turtle(text, "queryText") for node, text in nodes.items() if "QandA:SQL " in text}
    asked = [
        Question(f"acme-{number}", _turtle(text, "prompt"), expected, "postgres")
        for number, text in enumerate(text for text in nodes.values() if "QandA:Inquiry" in text)
        if (expected := [queries[q] for q in re.findall(r"dwt:(query-\S+)", text) if q in queries])
    ]
    created = copies.read(CWD, f"{name}/DDL/ACME_small.ddl").split("CREATE TABLE ")[1:]
    tables = [_created(text) for text in created]
    known = {t.name: t for t in tables}
    refers = {
        (t.name, c.name): c.refers
        for t in tables
        for c in t.columns
        if c.refers and c.refers[0] in known.keys() - {t.name}
    }
    linked = [replace(t, columns=[replace(c, refers=refers.get((t.name, c.name))) for c in t.columns]) for t in tables]
    return Schema(name, linked), asked


def acme_rows(copies: Copies, name: str, table: Table) -> list[dict[str, str | None]]:
    """The published rows of one table; what is blank is null."""
    found = _rows(copies, CWD, f"{name}/data/{table.name}.csv")
    return [{c.name: row[c.name] or None for c in table.columns} for row in found]


def _turtle(text: str, name: str) -> str:
    """The text of a property in Turtle (W3C), its escapes read."""
    found = re.search(rf'QandA:{name}\s+"((?:[^"\\]|\\.)*)"', text)
    if not found:
        raise ValueError(f"no QandA:{name} in {text[:80]!r}")
    return str(json.loads(f'"{found[1]}"'))


def _created(text: str) -> Table:
    """A table of SQL Server's DDL, without keys and references of several columns: the rows do not keep them."""
    keys = re.findall(r"PRIMARY KEY \((\w+) ASC\)", text)
    refers = {own: (table, other) for own, table, other in re.findall(r"KEY \((\w+)\) REFERENCES (\w+)\((\w+)\)", text)}
    columns = [
        Column(name, duckdb_type(kind, [], name), key=name in keys, refers=refers.get(name))
        for name, kind in re.findall(r"^\s*(\w+)\s+(\w+)\S*\s+(?:NOT )?NULL", text, re.MULTILINE)
    ]
    return Table(text.split()[0], columns)


def alternatives(query: str) -> Iterator[str]:
    """Each query the set takes as right: several are separated by ``;``, and ``{a, b}`` stands for any of its items."""
    made = 0
    for one in filter(None, (part.strip() for part in query.split(";"))):
        groups = re.findall(r"\{([^{}]+)\}", one)
        choices = [[*(item.strip() for item in g.split(",")), g.strip()] for g in groups]
        for chosen in product(*choices):
            if made == MOST_ALTERNATIVES:
                return
            filled = one
            for group, choice in zip(groups, chosen, strict=True):
                filled = filled.replace("{" + group + "}", choice)
            yield filled.replace("{}", ", ".join(chosen))
            made += 1


SETS = {"spider": spider, "bird": bird, "kaggle": kaggle, "defog": defog, "statbot": statbot, "acme": acme}
