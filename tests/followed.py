"""A table of order lines in PostgreSQL, and a source that follows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.lake import Lake

TABLE = """
create table lines (id int, line int, sold timestamptz not null, product text not null, name text, qty numeric,
  price numeric(18, 4), primary key (id, line));
alter table lines replica identity full;
create publication lake for table lines
"""
LIVE = """
select order_id, line_id, sale_time, product_name, quantity, unit_price from (
  select *, row_number() over (partition by record_key, sale_date
    order by loaded_at desc, load_id desc, source_row desc) as nth from bronze.sample_sales) as ranked
where nth = 1 and is_deleted is not true order by order_id, line_id
"""
"""What silver makes of bronze: of a key and day the last, if it is no delete."""
TRUTH = """
select id::text, line::text, sold at time zone 'UTC', name, qty, price from lines order by id::text, line::text
"""


@dataclass
class Database:
    """A database of the test's own, and a session of its owner."""

    address: str
    session: Any

    def run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self.session.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    @property
    def slots(self) -> list[str]:
        of_this = "select slot_name from pg_replication_slots where database = current_database() order by 1"
        return [name for (name,) in self.run(of_this)]

    def add(self, first: int, last: int) -> None:
        """Insert order lines of the 1st of March 2025."""
        self.run(
            "insert into lines select n, 1, timestamptz '2025-03-01 10:00+02', 'P', 'Tea', 2, 1.25 "
            "from generate_series(%s, %s) n", first, last
        )  # fmt: skip


def following(table: str = "lines", **more: Any) -> Source:
    """A source that follows a table of order lines."""
    document = {
        "name": "shop_lines", "kind": "database", "target": "bronze.sample_sales", "tenant": "shop",
        "database": {"access": "shop", "table": table, "publication": "lake", **more.pop("database", {})},
        "dedup_key": ["id", "line"], "null_values": [],
        "columns": {
            "sale_time": "sold", "order_id": "id", "line_id": "line", "product_id": "product", "product_name": "name",
            "quantity": "qty", "unit_price": "price", "is_deleted": "_op = 'delete'",
            "amount": "cast(qty as decimal(18, 3)) * cast(price as decimal(18, 4))",
        },
    }  # fmt: skip
    return Source.model_validate({**document, **more})


def live(lake: Lake) -> list[tuple[Any, ...]]:
    """The rows that silver would have."""
    with lake.session() as session:
        return [tuple(row.values()) for row in session.query(LIVE).to_pylist()]
