"""Helpers to write files and read tables, and small sources that show one thing each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.ingest.sources import Source
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
