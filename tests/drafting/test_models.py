"""The SQL of a draft, run as it stands: what silver keeps, and what the reconciling tests notice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from jinja2 import Environment

from lakehouse_assets.drafting.design import Design, design
from lakehouse_assets.drafting.metrics import metrics_of
from lakehouse_assets.drafting.tables import Table, Tables
from lakehouse_assets.drafting.writing import rendered
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.settings.lake import PROJECT_ROOT

SALES = (
    "sold_at,sku,shop,paid,pieces,amount,weight,invoiced\n"
    "2026-06-01 09:15:00,A,S1,yes,2,2.50,1e-3,2026-06-02\n"
    "2026-06-02 10:40:00,B,S1,no,1,3.25,2.5e1,2026-06-03\n"
    "2026-06-02 11:40:00,A,S2,no,1,3.75,2.5,2026-06-03\n"
)
FEED = "sold"
SILVER, GOLD = f"silver_{FEED}", f"gold_{FEED}_daily"
TO_SILVER, TO_GOLD = (f"dbt_project/tests/{FEED}/{FEED}_{step}.sql" for step in ("bronze_to_silver", "silver_to_gold"))


class Draft:
    """A draft of one feed, and an engine in which its tables are made for all days."""

    def __init__(self, drafted: Design) -> None:
        (feed,) = drafted.feeds
        self.files = rendered(drafted)
        self.tables = Tables(feed, metrics_of(feed))
        self.con = open_instance()
        self._jinja = Environment()
        self._jinja.globals |= {
            "source": lambda _, name: name,
            "ref": lambda name: name,
            "staged": lambda name: name,
            "in_days": lambda _: "true",
            "is_partial": lambda: False,
            "var": lambda _: False,
        }
        copies = self._jinja.from_string((PROJECT_ROOT / "dbt_project/macros/latest.sql").read_text()).module
        self._jinja.globals["latest_copies"] = copies.latest_copies  # pyright: ignore[reportAttributeAccessIssue]

    def received(self, rows: list[dict[str, Any]]) -> None:
        """Rows as bronze has them, typed by its contract; what they leave out is missing."""
        self._create(self.tables.bronze, pa.Table.from_pylist(rows))

    def made(self) -> None:
        """Silver and gold, from what was received."""
        for layer, table in (("silver", SILVER), ("gold", GOLD)):
            self.con.execute(f"create or replace table {table} as {self.sql(self._model(layer, table))}")

    def expected(self, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        """Rows of silver as the unit test says them, typed by the contract."""
        types = {c.name: c.type for c in self.tables.silver.columns}
        self.con.register("said", pa.Table.from_pylist(rows))
        values = ", ".join(f"cast({name} as {types[name]})" for name in rows[0])
        return self.con.execute(f"select {values} from said order by all").fetchall()

    def sql(self, path: str) -> str:
        """A model or test as the engine sees it."""
        return self._jinja.from_string(self.files[path]).render()

    def found(self, path: str) -> list[tuple[Any, ...]]:
        """The rows that a data test complains of."""
        return self.con.execute(self.sql(path)).fetchall()

    @property
    def unit_test(self) -> dict[str, Any]:
        """The unit test of silver."""
        (test,) = yaml.safe_load(self.files[self._model("silver", SILVER).replace(".sql", ".yml")])["unit_tests"]
        return test

    def _model(self, layer: str, table: str) -> str:
        return f"dbt_project/models/{layer}/{FEED}/{table}.sql"

    def _create(self, table: Table, rows: pa.Table) -> None:
        self.con.register("given", rows)
        values = ", ".join(
            f"cast({c.name if c.name in rows.column_names else 'null'} as {c.type}) as {c.name}" for c in table.columns
        )
        self.con.execute(f"create or replace table {table.name} as select {values} from given")


@pytest.fixture
def draft(tmp_path: Path) -> Iterator[Draft]:
    (tmp_path / "sold.csv").write_text(SALES)
    made = Draft(design(FEED, [str(tmp_path / "sold.csv")]))
    yield made
    made.con.close()


def test_the_unit_test_tries_a_column_of_every_type(draft: Draft) -> None:
    types = {c.name: c.type for c in draft.tables.silver.columns}
    tried = {types[name] for name in draft.unit_test["given"][0]["rows"][0] if name in types}
    assert tried == set(types.values())


def test_silver_makes_of_the_given_rows_what_the_unit_test_expects(draft: Draft) -> None:
    test = draft.unit_test
    draft.received(test["given"][0]["rows"])
    draft.made()
    rows = test["expect"]["rows"]
    kept = draft.con.execute(f"select {', '.join(rows[0])} from {SILVER} order by all").fetchall()
    assert kept == draft.expected(rows)


@pytest.mark.parametrize(
    "wrong",
    [
        "loaded_at asc, load_id desc, source_row desc",
        "loaded_at desc, load_id desc, source_row asc",
        "amount desc nulls last, loaded_at desc",
    ],
)
def test_the_unit_test_notices_another_choice_of_copies(draft: Draft, wrong: str) -> None:
    path = f"dbt_project/models/silver/{FEED}/{SILVER}.sql"
    assert ", where=" in draft.files[path]
    draft.files[path] = draft.files[path].replace(", where=", f', order="{wrong}", where=')
    test = draft.unit_test
    draft.received(test["given"][0]["rows"])
    draft.made()
    rows = test["expect"]["rows"]
    assert draft.con.execute(f"select {', '.join(rows[0])} from {SILVER} order by all").fetchall() != (
        draft.expected(rows)
    )


@pytest.mark.parametrize(
    ("damage", "test"),
    [
        (f"delete from {SILVER} where record_key = 'a'", TO_SILVER),
        (f"insert into {SILVER} select * from {SILVER} where record_key = 'a'", TO_SILVER),
        (f"update {SILVER} set amount = amount + 0.01 where record_key = 'a'", TO_SILVER),
        (f"update {SILVER} set amount = 1 where record_key = 'c'", TO_SILVER),
        (f"update {GOLD} set row_count = row_count + 1", TO_GOLD),
        (f"update {GOLD} set total_pieces = total_pieces - 1 where total_pieces is not null", TO_GOLD),
        (f"update {GOLD} set tenant_id = 'another'", TO_GOLD),
        (f"delete from {GOLD}", TO_GOLD),
    ],
)
def test_a_difference_between_layers_is_found(draft: Draft, damage: str, test: str) -> None:
    draft.received(draft.unit_test["given"][0]["rows"])
    draft.made()
    assert [draft.found(path) for path in (TO_SILVER, TO_GOLD)] == [[], []]
    draft.con.execute(damage)
    assert draft.found(test)


def test_sums_of_floats_are_not_reconciled(draft: Draft) -> None:
    assert [c.name for c in draft.tables.reconciled] == ["pieces", "amount"]
    assert "weight" in [c.name for c in draft.tables.feed.summary_measures]


def test_sums_of_the_largest_values_are_exact(draft: Draft) -> None:
    given = draft.unit_test["given"][0]["rows"][0]
    huge = {"pieces": 2**63 - 1, "amount": Decimal("99999999999999.9999")}
    draft.received([{**given, **huge, "record_key": key} for key in "abc"])
    draft.made()
    totals = {c.name: c for c in draft.tables.gold.columns if c.name in ("total_pieces", "total_amount")}
    cast = ", ".join(f"cast({name} as {column.type}) as {name}" for name, column in sorted(totals.items()))
    assert draft.con.execute(f"select {cast} from {GOLD}").fetchall() == [(3 * huge["amount"], 3 * huge["pieces"])]
    assert [draft.found(path) for path in (TO_SILVER, TO_GOLD)] == [[], []]
