"""The rows that a query would find: which tables, which columns are equal, and what is wanted of each column.

Does not belong here: making such rows (``rows``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from sqlglot import exp

from tests.questions.lab.gold import conjuncts, home, scope_tables
from tests.questions.lab.schema import Schema, Table

Spot = tuple[str, str]
"""An alias of a witness and a column of its table."""
NUMBER, MET = "number", "met"
"""Notes on a SELECT: its number within the query, and the outer column that its first one is to meet."""
LARGEST_GROUP, GROUP = 26, 3


@dataclass
class Witness:
    """Rows one SELECT would find: its tables by alias, columns that are equal, conditions on one column each."""

    tables: dict[str, Table] = field(default_factory=dict)
    equal: list[tuple[Spot, Spot]] = field(default_factory=list)
    wants: list[tuple[Spot, exp.Expr]] = field(default_factory=list)
    per_group: int = GROUP


def witnesses(tree: exp.Expr, schema: Schema) -> list[Witness]:
    """One witness for each SELECT; those tied by IN, EXISTS or INTERSECT share one."""
    made: list[Witness] = []
    placed: dict[int, Witness] = {}
    for number, select in enumerate(tree.find_all(exp.Select)):
        outer = _tied_to(select)
        witness = placed.get(id(outer)) if outer else None
        if witness is None:
            witness = Witness()
            made.append(witness)
        placed[id(select)] = witness
        _Reader(select, number, witness, schema).read()
    return [w for w in made if w.tables]


def _tied_to(select: exp.Select) -> exp.Select | None:
    """The SELECT whose rows this one's must meet."""
    parent = select.parent
    if isinstance(parent, exp.Intersect) and parent.expression is select:
        return parent.this if isinstance(parent.this, exp.Select) else None
    holder = select.find_ancestor(exp.In, exp.Exists, exp.Select)
    if isinstance(holder, exp.In | exp.Exists) and not isinstance(holder.parent, exp.Not):
        return holder.find_ancestor(exp.Select)
    return None


@dataclass(frozen=True)
class _Reader:
    """Adds what one SELECT wants to its witness."""

    select: exp.Select
    number: int
    witness: Witness
    schema: Schema

    def read(self) -> None:
        tables = scope_tables(self.select, self.schema)
        self.witness.tables.update({f"{self.number}.{alias}": table for alias, table in tables.items()})
        self.select.meta[NUMBER] = self.number
        where = self.select.args.get("where")
        conditions = conjuncts(where.this) if where else []
        for join in self.select.args.get("joins") or []:
            conditions += conjuncts(join.args.get("on"))
            self._using(tables, [used.name for used in join.args.get("using") or []])
        for condition in conditions:
            bare = condition.unnest()
            self._condition(bare.this.unnest() if isinstance(bare, exp.Or) else bare)
        self._meeting()
        if having := self.select.args.get("having"):
            sizes = [int(n.this) + 1 for n in having.find_all(exp.Literal) if not n.is_string and n.this.isdigit()]
            self.witness.per_group = max([GROUP, *(n for n in sizes if n <= LARGEST_GROUP)])

    def _place(self, column: exp.Expr) -> Spot | None:
        found = home(column, self.schema) if isinstance(column, exp.Column) else None
        if not found:
            return None
        scope = column.find_ancestor(exp.Select)
        while scope and found[0] not in scope_tables(scope, self.schema):
            scope = scope.find_ancestor(exp.Select)
        return (f"{scope.meta.get(NUMBER, self.number)}.{found[0]}", found[2]) if scope else None

    def _using(self, tables: dict[str, Table], names: list[str]) -> None:
        for name in names:
            columns = [(alias, table.column(name)) for alias, table in tables.items()]
            spots = [(f"{self.number}.{alias}", column.name) for alias, column in columns if column]
            self.witness.equal += list(pairwise(spots))

    def _condition(self, condition: exp.Expr) -> None:
        sides = (condition.args.get("this"), condition.args.get("expression"))
        a, b = (self._place(side) if isinstance(side, exp.Expr) else None for side in sides)
        if isinstance(condition, exp.EQ) and a and b:
            self.witness.equal.append((a, b))
        elif condition.find(exp.Select):
            inner = condition.args.get("query") if isinstance(condition, exp.In) else None
            inside = inner.find(exp.Select) if inner else None
            if inside and a:
                inside.meta[MET] = a
        else:
            spots = {self._place(c) for c in condition.find_all(exp.Column)}
            if len(spots) == 1 and (spot := next(iter(spots))):
                self.witness.wants.append((spot, condition))

    def _meeting(self) -> None:
        """Ties the first column to that of the outer SELECT or of the other side of an INTERSECT."""
        parent = self.select.parent
        outer = self.select.meta.get(MET)
        if isinstance(parent, exp.Intersect) and isinstance(parent.this, exp.Select) and parent.this is not self.select:
            outer = self._place(parent.this.expressions[0].unalias())
        own = self._place(self.select.expressions[0].unalias()) if outer else None
        if outer and own:
            self.witness.equal.append((outer, own))
