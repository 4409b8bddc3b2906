"""Helpers to write files and read tables, and small sources that show one thing each."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake


@pytest.fixture
def rows(lake: Lake) -> Callable[..., list[dict[str, Any]]]:
    def run(sql: str) -> list[dict[str, Any]]:
        with lake.session() as session:
            return session.query(sql).to_pylist()

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    def create(name: str, content: bytes | str) -> Path:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return create


def sales_source(**changes: Any) -> Source:
    """Order lines with as few fields as the table allows; fields are those of the header below."""
    return Source.model_validate(
        {
            "name": "shop",
            "format": "csv",
            "target": "bronze.sample_sales",
            "tenant": "t1",
            "dedup_key": ["order_id", "line_id"],
            "columns": {
                "sale_time": "sold",
                "order_id": "order_id",
                "line_id": "line_id",
                "product_id": "product",
                "product_name": "name",
                "quantity": "qty",
                "unit_price": "price",
                "amount": "cast(qty as decimal(18, 3)) * cast(price as decimal(18, 4))",
            },
            **changes,
        }
    )


HEADER = "sold,order_id,line_id,product,name,qty,price"


def csv_file(*lines: str) -> str:
    return "\n".join([HEADER, *lines]) + "\n"


def line(number: int, *, sold: str = "2025-03-01 10:00:00", name: str = "Tea", qty: str = "2") -> str:
    return f"{sold},O{number},1,P1,{name},{qty},1.25"


def record(number: int, **changes: Any) -> dict[str, Any]:
    values = dict(zip(HEADER.split(","), line(number).split(","), strict=True))
    return {**values, **changes}


def json_line(number: int, **changes: Any) -> str:
    return json.dumps(record(number, **changes))


def judged(
    source: Source, records: Sequence[Mapping[str, str | None]], contract: Contract | None = None
) -> list[dict[str, Any]]:
    """What a mapping makes of records, by their order: the row, or `reason` and `column_name` where it is rejected."""
    import pyarrow as pa

    from lakehouse_assets.ingest.loads.staging import target_contract
    from lakehouse_assets.ingest.mapping.statements import RecordMapping

    mapping = RecordMapping(source, contract or target_contract(source), zone="UTC")
    names = sorted({name for record in records for name in record})
    table = pa.table(
        {"source_row": range(1, len(records) + 1)}
        | {f"f{i}": pa.array([r.get(name) for r in records], pa.string()) for i, name in enumerate(names)}
    )
    struct = mapping.record_struct({name: f"f{i}" for i, name in enumerate(names)})
    with open_instance() as con:
        con.execute(f"set timezone = '{source.time_zone}'")
        con.register("given", table)
        con.execute(
            f"""create temp table found as {
                mapping.rows(
                    "(select source_row, source_row + 1 as line, '{}' as raw_text, null::varchar as problem, "
                    "null::varchar as form, 'f' as source_file, null::bigint as occurrence, null::varchar as ref, "
                    "'L' as load_id, timestamp '2027-01-01 00:00:00' as loaded_at, "
                    f"'{{}}' as payload, {struct} as s from given)"
                )
            }"""
        )
        good = con.execute("select * from found where not _rejected").to_arrow_table().to_pylist()
        con.execute("create temp table bad as select * from found where _rejected")
        reasons = con.execute(f"select source_row, column_name, reason from ({mapping.rejects('bad')})")
        rows = good + reasons.to_arrow_table().to_pylist()
    return sorted(rows, key=lambda row: row["source_row"])
