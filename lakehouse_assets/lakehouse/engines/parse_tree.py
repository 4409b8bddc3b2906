"""What a statement reads, by DuckDB's own parse tree: the first line against statements that do more than read.

The tree is that of `json_serialize_sql`, made by the parser that will parse the statement again to run it, so that the
two cannot differ in what they take a text for. Whatever is not known here as harmless is refused: kinds of nodes,
expressions and tables, and functions by their names. The second line are the options of the instance that runs it.
Belongs here: reading that tree. Does not belong here: the names of functions (functions), other dialects (statements).
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from cachetools import LRUCache

from lakehouse_assets.lakehouse.engines.functions import AGGREGATES, OPERATORS, SCALARS, TABLE_FUNCTIONS, WINDOWS, names
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError

LONGEST = 500_000
"""Characters that a statement may have."""
_SERIALIZED = "select json_serialize_sql(?::varchar, skip_empty := true, skip_null := true, skip_default := true)"
_EXPRESSIONS = names(
    "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION LAMBDA OPERATOR PARAMETER "
    "POSITIONAL_REFERENCE STAR SUBQUERY WINDOW"
)
_QUERIES = names("SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE")
_STRUCTURES = names(
    "EMPTY EXPRESSION_LIST JOIN PIVOT SHOW_REF SUBQUERY ASCENDING DESCENDING ORDER_DEFAULT DISTINCT_MODIFIER "
    "LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER ORDER_MODIFIER ARRAY_TYPE_INFO DECIMAL_TYPE_INFO GENERIC_TYPE_INFO "
    "LIST_TYPE_INFO STRUCT_TYPE_INFO UNBOUND_TYPE_INFO"
)
"""Tables, modifiers and types; the tables that have a name or a function are looked at one by one."""
_ONLY_SELECT = "only a single SELECT is allowed; of a PIVOT, name the values, as in ON column IN ('a', 'b')"
_CALLABLE = OPERATORS | SCALARS | AGGREGATES | WINDOWS
_DAY, _ANY_DAY = re.compile("'[0-9]{4}-[0-9]{2}-[0-9]{2}'"), "'0000-00-00'"
"""A day in quotation marks, and as many other digits: whatever they stand in, they make no other parts of it."""
_KEPT, _LONGEST_KEPT = 256, 8_000
"""How many statements are remembered, and how many characters one of them has at most: 2 MB of text in all."""


class _Remembered:
    """The tables of statements that were looked at last, whatever their days. Thread-safe.

    Questions of one kind differ in their days, and to have DuckDB make the tree is a tenth of what a question costs.
    """

    def __init__(self) -> None:
        # LRU; a text always reads the same tables, so nothing invalidates them.
        self._tables: LRUCache[str, tuple[str, ...]] = LRUCache(_KEPT)
        self._lock = threading.Lock()

    def find(self, sql: str) -> tuple[str, ...] | None:
        with self._lock:
            return self._tables.get(_DAY.sub(_ANY_DAY, sql))

    def keep(self, sql: str, tables: tuple[str, ...]) -> None:
        # A day in the name of a table tells it from others.
        if len(sql) <= _LONGEST_KEPT and not any("'" in table for table in tables):
            with self._lock:
                self._tables[_DAY.sub(_ANY_DAY, sql)] = tables


_remembered = _Remembered()


def tables_read(con: Any, sql: str) -> tuple[str, ...]:
    """The tables that one SELECT reads, as `layer.table`, sorted.

    Args:
        con: A DuckDB connection, which parses and does not run it.
        sql: The statement.

    Raises:
        QueryRefusedError: it is not one SELECT, or has a part that might do something else than read tables.
    """
    if len(sql) > LONGEST:
        raise QueryRefusedError(f"the statement has {len(sql):,} characters; at most {LONGEST:,} are read")
    if "\0" in sql:
        raise QueryRefusedError("the statement has a character NUL; leave it out")
    if not sql.isascii() and any("\ud800" <= c <= "\udfff" for c in sql):
        raise QueryRefusedError("the statement has half of a character, a lone surrogate; leave it out")
    if (known := _remembered.find(sql)) is not None:
        return known
    try:
        tree = json.loads(con.execute(_SERIALIZED, [sql]).fetchone()[0])
        tables = _Reading().of(tree)
    except RecursionError as error:
        raise QueryRefusedError("the statement is nested too deeply; take it apart by WITH") from error
    _remembered.keep(sql, tables)
    return tables


class _Reading:
    """One pass over the tree of a statement; `known` are the names of common table expressions in reach, `_folded`."""

    def __init__(self) -> None:
        self._tables: set[str] = set()

    def of(self, tree: Any) -> tuple[str, ...]:
        if tree["error"]:
            raise _not_read(tree)
        if len(tree["statements"]) != 1:
            raise QueryRefusedError(_ONLY_SELECT)
        self._see(tree["statements"], frozenset())
        return tuple(sorted(self._tables))

    def _see(self, part: Any, known: frozenset[bytes]) -> None:
        """Refuse a part that is not known as harmless, or holds one that is not."""
        if isinstance(part, list):
            for each in part:
                self._see(each, known)
        elif isinstance(part, dict):
            if "class" in part:
                self._expression(part, known)
            elif isinstance(part.get("type"), str):
                self._structure(part, known)
            else:
                self._see(list(part.values()), known)

    def _expression(self, part: dict[str, Any], known: frozenset[bytes]) -> None:
        kind = part["class"]
        if kind not in _EXPRESSIONS:
            raise _unknown(kind)
        if kind == "CONSTANT":
            return
        if kind in ("FUNCTION", "WINDOW"):
            _allow(part, _CALLABLE)
        self._see(list(part.values()), known)

    def _structure(self, part: dict[str, Any], known: frozenset[bytes]) -> None:
        kind = part["type"]
        if kind in _QUERIES:
            self._query(part, known)
            return
        if kind == "TABLE_FUNCTION":
            _allow(
                part["function"], TABLE_FUNCTIONS, "only tables of the lake can be read, not files or table functions"
            )
            part = {**part, "function": part["function"].get("children", [])}
        elif kind == "BASE_TABLE":
            self._table(part, known)
        elif kind not in _STRUCTURES or (kind == "SHOW_REF" and (part.get("table_name") or not part.get("query"))):
            raise _unknown(kind)
        self._see(list(part.values()), known)

    def _query(self, part: dict[str, Any], known: frozenset[bytes]) -> None:
        """A query sees its own expressions, each of which sees those before it, and itself only where it recurs."""
        for entry in part.get("cte_map", {}).get("map", []):
            self._see(entry["value"], known)
            known |= {_folded(entry["key"])}
        recurring = {"right"} if part["type"] == "RECURSIVE_CTE_NODE" else set()
        for name, inner in part.items():
            if name != "cte_map":
                self._see(inner, known | {_folded(part["cte_name"])} if name in recurring else known)

    def _table(self, part: dict[str, Any], known: frozenset[bytes]) -> None:
        name, schema, catalog = (part.get(f"{level}_name", "") for level in ("table", "schema", "catalog"))
        if catalog:
            raise QueryRefusedError(f"name tables as layer.table, without the catalog '{catalog}'")
        if part.get("at_clause"):
            raise QueryRefusedError("a statement reads all tables as of one moment: leave AT out of it, and use --at")
        if schema:
            self._tables.add(f"{schema}.{name}")
        elif _folded(name) not in known:
            raise QueryRefusedError(f"name the layer of table '{name}', as in gold.{name}")


def _allow(call: dict[str, Any], names: frozenset[str], otherwise: str = "") -> None:
    name = call.get("function_name", "")
    if name.lower() not in names or call.get("catalog") or call.get("export_state"):
        raise QueryRefusedError(otherwise or f"the function {name}() is not among those that statements may call")


def _unknown(kind: str) -> QueryRefusedError:
    words = kind.replace("_", " ").lower()
    return QueryRefusedError(f"only a single SELECT over tables of the lake is allowed, and this has a {words}")


def _not_read(tree: Any) -> QueryRefusedError:
    """Why there is no tree."""
    if tree["error_type"] == "not implemented":
        return QueryRefusedError(
            "only a single SELECT is allowed; of a PIVOT, name the values: ON column IN ('a', 'b')"
        )
    return QueryRefusedError(f"this is not SQL the engine reads: {tree['error_message'].splitlines()[0]}")


def _folded(name: str) -> bytes:
    """A name as DuckDB compares names, which are the same but for the case of the letters of ASCII."""
    return name.encode().lower()
