"""Parts of a compiled query that may be summed up beforehand, and give it the same result.

Most queries want sums of many rows by a few columns. Summed by every column that the query filters and groups by, there
are a fraction of the rows and the same sums; whoever runs such queries often may keep them (``engines.table_cache``).

Belongs here: finding such parts in the text of a query. What is not known to be exact is left as it is. Does not belong
here: running anything, or telling whether it pays.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Container, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.functions import names
from lakehouse_assets.lakehouse.engines.protocol import Rollup
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from sqlglot import exp

_AGGREGATES = {"Sum": "SUM", "Min": "MIN", "Max": "MAX"}
"""By the class of the expression: those that are of the whole what they are of its groups."""
_LASTING = names(
    "Column Identifier Literal Boolean Null Paren Alias Case If Cast DataType DataTypeParam TimestampTrunc DateTrunc "
    "Extract Var Coalesce Nullif Lower Upper Replace DPipe StrPosition Not Neg And Or EQ NEQ GT GTE LT LTE Is In "
    "Between Add Sub Mul Div"
)
"""What rows may be computed and chosen by: of the same row it gives the same, whenever it is read."""
_INSIDE = _LASTING | {"Select", "From", "Table", "TableAlias"}
_AROUND = _LASTING | {"Select", "From", "Where", "Group", "Subquery", *_AGGREGATES}


def rollups_of(sql: str, dialect: str) -> tuple[Rollup, ...]:
    """The parts of a query that may be summed up beforehand.

    Args:
        sql: One SELECT.
        dialect: Its dialect, by sqlglot's name.
    """
    import sqlglot
    from sqlglot import exp

    tokens = sqlglot.tokenize(sql, read=dialect)
    parts = sqlglot.parse_one(sql, read=dialect).find_all(exp.Subquery)
    found = [rollup for part in parts if (rollup := _rollup(part, sql, tokens))]
    # The same text elsewhere in the query may be of rows that more is done with.
    return tuple(dict.fromkeys(one for one in found if found.count(one) == sql.count(one.rows)))


def rollups_of_all(parts: Collection[tuple[str, Collection[Rollup]]]) -> tuple[Rollup, ...]:
    """The rollups of a query that is put together from several, wherever their text stands in it.

    Args:
        parts: The SQL of each part, and its rollups.
    """
    every = dict.fromkeys(rollup for _, rollups in parts for rollup in rollups)
    return tuple(one for one in every if all(one in rollups or one.rows not in sql for sql, rollups in parts))


def _rollup(part: exp.Subquery, sql: str, tokens: Sequence[Any]) -> Rollup | None:
    rows, around = part.this, part.parent_select
    if around is None or not _is_made_of(rows, {"expressions", "from_"}, _INSIDE):
        return None
    measures = _measures(around, part)
    place = _place(part, tokens)
    if not measures or place is None:
        return None
    first, table, after, last = place
    keys = [quoted(name) for name, aggregate in measures.items() if not aggregate]
    summed = [f"{aggregate}({quoted(name)}) AS {quoted(name)}" for name, aggregate in measures.items() if aggregate]
    group = f" GROUP BY {', '.join(keys)}" if keys else ""
    return Rollup(
        rows=sql[first:last],
        table=f"{rows.args['from_'].this.db}.{rows.args['from_'].this.name}",
        before=f"SELECT {', '.join([*keys, *summed])} FROM {sql[first:table]}",
        after=f"{sql[after:last]} AS every_row{group}",
        sums=tuple(name for name, aggregate in measures.items() if aggregate == "SUM"),
    )


def _is_made_of(select: Any, clauses: set[str], kinds: Container[str], besides: Any = None) -> bool:
    """Whether a SELECT has no other clauses and expressions, but for what is inside of one of them."""
    if {name for name, value in select.args.items() if value} - clauses:
        return False
    return all(type(node).__name__ in kinds for node in select.walk(prune=lambda node: node is besides))


def _measures(around: exp.Select, part: exp.Subquery) -> dict[str, str]:
    """The columns of a subquery that are used around it: how each is summed up there, empty for those that are not.

    Nothing where more is done with them than to choose rows, to group and to sum up.
    """
    from sqlglot import exp

    clauses = {"expressions", "from_", "where", "group"}
    if around.args["from_"].this is not part or not _is_made_of(around, clauses, _AROUND, besides=part):
        return {}
    columns, found = part.this.named_selects, dict[str, str]()
    for node in around.walk(prune=lambda node: node is part):
        kind = type(node).__name__
        if kind in _AGGREGATES and not isinstance(node.this, exp.Column):
            return {}
        if kind == "Subquery" and node is not part:
            return {}
        if isinstance(node, exp.Column):
            aggregate = _AGGREGATES.get(type(node.parent).__name__, "")
            if node.name not in columns or found.setdefault(node.name, aggregate) != aggregate:
                return {}
    grouped = around.args["group"].expressions if around.args.get("group") else []
    is_summed = any(found.values()) and all(isinstance(one, exp.Column) for one in grouped)
    return {name: found[name] for name in columns if name in found} if is_summed else {}


def _place(part: exp.Subquery, tokens: Sequence[Any]) -> tuple[int, int, int, int] | None:
    """Where in a text a subquery begins, its table begins and ends, and it ends; None where nobody can tell."""
    from sqlglot.tokenizer_core import TokenType as T

    pairs = enumerate(itertools.pairwise(tokens))
    ends = [n for n, (one, name) in pairs if one.token_type is T.R_PAREN and name.text == part.alias]
    if len(ends) != 1:
        return None
    end, depth = ends[0], 0
    for begin in range(end, -1, -1):
        depth += {T.R_PAREN: 1, T.L_PAREN: -1}.get(tokens[begin].token_type, 0)
        if not depth:
            break
    source = max(n for n in range(begin, end) if tokens[n].token_type is T.FROM)
    if tokens[source + 2].token_type is not T.DOT or tokens[source + 4].token_type is T.DOT:
        return None
    return tokens[begin].start, tokens[source + 1].start, tokens[source + 3].end + 1, tokens[end].end + 1
