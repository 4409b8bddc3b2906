"""Columns and partitioning follow the contract: nothing rewritten, ids kept, old snapshots kept; or a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace as altered
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, TableProperties
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import (
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
)

from lakehouse_assets.lakehouse.contract import Contract, TableModel, column, day, identity, month
from lakehouse_assets.lakehouse.iceberg.catalog import LakeTransaction
from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED, SchemaDriftError, Shape, evolution, evolve
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable, days_held
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.lakehouse.publish.snapshots import summary_of
from lakehouse_assets.lakehouse.upkeep.maintenance import SMALL_FILES_PER_PARTITION, tend
from tests.lakehouse.readings import (
    BIG,
    BY_QUALITY,
    EVOLVED_READINGS,
    READINGS,
    RENAMED,
    count,
    evolved,
    publish,
    rows,
    with_column,
    without_column,
)


def query(lake: Lake, sql: str, at: int | None = None) -> list[dict[str, Any]]:
    with lake.session(at={"silver.readings": at} if at else None) as session:
        return session.query(sql).to_pylist()


def test_added_renamed_and_widened_columns_read_old_rows_and_new(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 4), ReplaceTable())
    before = lake.catalog.load_table("silver.readings")
    publish(lake, evolved(rows("2024-01-05", 1)), Append(), (EVOLVED_READINGS,))
    table = lake.catalog.load_table("silver.readings")
    assert [f.name for f in table.schema().fields] == list(EVOLVED_READINGS.column_names)
    old_ids = {f.name: f.field_id for f in before.schema().fields}
    new_ids = {f.name: f.field_id for f in table.schema().fields}
    assert new_ids == {RENAMED.get(name, name): i for name, i in old_ids.items()} | {"quality": 6}
    found = query(lake, BY_QUALITY)
    assert found == [{"quality": "exact", "n": 3, "d": 3, "v": BIG + 1}, {"quality": None, "n": 12, "d": 12, "v": 1}]
    assert query(lake, "select * from silver.readings", first.snapshot_id)[0].keys() == old_ids.keys()
    assert query(lake, "select count(meter) n from silver.readings", first.snapshot_id) == [{"n": 12}]
    kept = {t.file.file_path for t in before.scan().plan_files()}
    assert kept < {t.file.file_path for t in table.scan().plan_files()}, "a file was rewritten"
    said = table.current_snapshot()
    assert (
        said
        and said.summary
        and said.summary.additional_properties[EVOLVED]
        == (
            "added quality; renamed meter to device; widened value to long; widened price to decimal(28, 4); "
            "described columns anew; moved columns"
        )
    )
    publish(lake, evolved(rows("2024-01-06", 1)), Append(), (EVOLVED_READINGS,))
    assert EVOLVED not in summary_of(lake.catalog.load_table("silver.readings").metadata)
    assert len(lake.catalog.load_table("silver.readings").schemas()) == 2


def test_a_refused_publication_leaves_the_columns_as_they_were(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    before = lake.catalog.heads()
    with pytest.raises(AuditFailedError):
        publish(lake, evolved(rows("2024-01-02", 1)).replace(f"{BIG}", "-9"), Append(), (EVOLVED_READINGS,))
    assert lake.catalog.heads() == before


def test_dropped_columns_are_gone_from_now_on_and_their_names_are_used_up(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    less = without_column(READINGS, "price", dropped=("price",))
    publish(lake, f"select * exclude (price) from ({rows('2024-01-02', 1)})", Append(), (less,))
    assert "price" not in query(lake, "select * from silver.readings")[0]
    assert query(lake, "select sum(price) p from silver.readings", first.snapshot_id)[0]["p"] is not None
    with pytest.raises(SchemaDriftError, match=r"silver\.readings: 'price' was the name of another column"):
        publish(lake, rows("2024-01-03", 1), Append())


@pytest.mark.parametrize(
    ("contract", "message"),
    [
        (without_column(READINGS, "price"),
         r"column 'price' is in the table and not in its contract.* dropped=\('price',\)"),
        (without_column(READINGS, "taken_on", dropped=("taken_on",), key=(), partitions=()),
         "column 'taken_on' cannot be dropped, for files are partitioned by it. Keep it"),
        (with_column(without_column(READINGS, "value"), "value", pl.String),
         "column 'value' is int in the table and string in its contract.* another name"),
        (with_column(without_column(READINGS, "price"), "price", Annotated[pl.Decimal, 18, 2]),
         r"column 'price' is decimal\(18, 4\) in the table and decimal\(18, 2\)"),
        (with_column(without_column(READINGS, "price"), "price", Annotated[pl.Decimal, 28, 6]),
         r"column 'price' is decimal\(18, 4\) in the table and decimal\(28, 6\)"),
        (with_column(READINGS, "source", pl.String),
         "column 'source' is new and may not be missing.* Make it nullable"),
        (with_column(without_column(READINGS, "price"), "meter_price", pl.Int64, formerly=("price",)),
         r"column 'meter_price' is decimal\(18, 4\) in the table and long"),
    ],
)  # fmt: skip
def test_what_would_break_readers_is_refused_with_the_way_out(lake: Lake, contract: Contract, message: str) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    before = lake.catalog.heads()
    new = f"select *, 'M' as source, 1 as meter_price from ({rows('2024-01-02', 1)})"
    with pytest.raises(SchemaDriftError, match=f"silver.readings: {message}"):
        publish(lake, new, Append(), (contract,))
    assert lake.catalog.heads() == before


def test_a_column_that_may_not_be_missing_comes_with_all_rows(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 3), ReplaceTable())
    contract = with_column(READINGS, "source", pl.String)
    new = f"select *, 'hand' as source from ({rows('2024-01-01', 3)})"
    with pytest.raises(SchemaDriftError, match="column 'source' is new"):
        publish(lake, new, ReplacePartitions((date(2024, 1, 1), date(2024, 1, 2))), (contract,))
    publish(lake, new, ReplacePartitions(tuple(date(2024, 1, d) for d in (1, 2, 3))), (contract,))
    assert query(lake, "select distinct source from silver.readings") == [{"source": "hand"}]


@pytest.mark.parametrize(
    ("before", "after"),
    [((day,), (month,)), ((month,), (day,)), ((), (day,)), ((day,), (month, "meter")), ((month, "meter"), (day,))],
)
def test_a_change_of_partitioning_rewrites_nothing_and_ranges_are_still_replaced(
    lake: Lake, before: Sequence[Any], after: Sequence[Any]
) -> None:
    old, new = (altered(READINGS, partitions=partitions(*kinds)) for kinds in (before, after))
    (first,) = publish(lake, rows("2024-01-01", 60), ReplaceTable(), (old,))
    files = {t.file.file_path for t in lake.catalog.load_table("silver.readings").scan().plan_files()}
    publish(lake, rows("2024-03-01", 2), Append(), (new,))
    table = lake.catalog.load_table("silver.readings")
    assert files < {t.file.file_path for t in table.scan().plan_files()}
    assert [str(f.transform) for f in table.spec().fields] == [p.transform for p in new.partitions]
    held = [days_held(table.metadata, t.file, 1) for t in table.scan().plan_files()]
    for wanted in (date(2024, 1, 31), date(2024, 3, 2)):
        assert any(days and days[0] <= wanted <= days[1] for days in held)
    replaced = date(2024, 1, 1) if month in after else date(2024, 1, 5)
    days = 31 if month in after else 1
    publish(lake, rows(replaced.isoformat(), days, meters=1, value="7"), ReplacePartitions((replaced,)), (new,))
    counted = {r["d"]: (r["n"], r["v"]) for r in query(
        lake, "select taken_on d, count(*) n, max(value) v from silver.readings group by 1")}  # fmt: skip
    again = {date.fromordinal(replaced.toordinal() + n) for n in range(days)}
    assert counted == {d: (1, 7) if d in again else (3, 1) for d in counted}
    assert len(counted) == 62
    assert query(lake, "select count(*) n from silver.readings", first.snapshot_id) == [{"n": 180}]


def partitions(*kinds: Any) -> tuple[Any, ...]:
    return tuple(identity(k) if isinstance(k, str) else k("taken_on") for k in kinds)


def test_compaction_brings_files_into_the_new_partitioning(lake: Lake) -> None:
    for n in range(SMALL_FILES_PER_PARTITION):
        publish(lake, rows(f"2024-01-{n + 1:02}", 1), Append())
    by_month = altered(READINGS, partitions=(month("taken_on"),))
    assert tend(lake, by_month, run_id="test") == (1, False)
    table = lake.catalog.load_table("silver.readings")
    assert count(lake) == 3 * SMALL_FILES_PER_PARTITION
    assert {t.file.spec_id for t in table.scan().plan_files()} == {table.spec().spec_id}


def test_rows_are_read_by_the_contract_before_the_table_follows_it(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        found = session.run(f"select * from {publication.published(EVOLVED_READINGS)}")
    publication.abandon()
    assert tuple(found.column_names) == EVOLVED_READINGS.column_names
    assert set(found.column("quality").to_pylist()) == {None}


# --- the comparison, on any contract and any table

NAMES = ("a", "b", "c", "d", "e")
STORED = {
    "INTEGER": IntegerType(), "BIGINT": LongType(), "DOUBLE": DoubleType(), "VARCHAR": StringType(), "DATE": DateType(),
    "FLOAT": FloatType(), "DECIMAL(10,2)": DecimalType(10, 2), "DECIMAL(18,2)": DecimalType(18, 2),
    "DECIMAL(18,4)": DecimalType(18, 4),
}  # fmt: skip
KINDS = {
    "INTEGER": pl.Int32, "BIGINT": pl.Int64, "DOUBLE": pl.Float64, "VARCHAR": pl.String, "DATE": pl.Date,
    "DECIMAL(10,2)": Annotated[pl.Decimal, 10, 2], "DECIMAL(18,2)": Annotated[pl.Decimal, 18, 2],
    "DECIMAL(18,4)": Annotated[pl.Decimal, 18, 4],
}  # fmt: skip
WIDENS = {("INTEGER", "BIGINT"), ("FLOAT", "DOUBLE"), ("DECIMAL(10,2)", "DECIMAL(18,2)")}

stored_tables = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(sorted(STORED)), min_size=1).flatmap(
    lambda fields: st.tuples(st.permutations(sorted(fields.items())), st.sampled_from([None, *sorted(fields)]))
)


@st.composite
def contracts(draw: Callable[..., Any]) -> Contract:
    wanted = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(sorted(KINDS)), min_size=1))
    order = draw(st.permutations(sorted(wanted)))
    free = [n for n in NAMES if n not in wanted]
    past = {n: draw(st.sampled_from([None, "dropped", *wanted])) for n in free}
    fields = {
        n: column(f"What {n} is", nullable=draw(st.booleans()), formerly=[o for o, to in past.items() if to == n])
        for n in order
    }
    model = type(
        "Any", (TableModel,), {"__doc__": "Any.", "__annotations__": {n: KINDS[wanted[n]] for n in order}, **fields}
    )
    keys = draw(st.lists(st.sampled_from(order), unique=True, max_size=2))
    gone = tuple(n for n, to in past.items() if to == "dropped")
    return Contract(
        model, "t", "silver", "test", "row", "team:test", partitions=tuple(map(identity, keys)), dropped=gone
    )


@settings(max_examples=300, deadline=None)
@given(stored_tables, contracts())
def test_a_table_becomes_its_contract_or_is_left_alone(
    stored: tuple[list[tuple[str, str]], str | None], contract: Contract
) -> None:
    fields, key = stored
    schema = Schema(*(NestedField(i, n, STORED[k], required=False) for i, (n, k) in enumerate(fields, start=1)))
    spec = PartitionSpec(
        *(PartitionField(schema.find_field(key).field_id, 1000, IdentityTransform(), key) for _ in [key] if key)
    )
    table = in_memory(schema, spec)
    ids = {f.name: f.field_id for f in table.schema().fields}
    try:
        change = evolution(contract, Shape.of(table.metadata))
    except SchemaDriftError as error:
        named = re.match(r"silver\.t: (?:column )?'(\w)'", str(error))
        assert named and named[1] in {*ids, *contract.column_names}, error
        return
    transaction = LakeTransaction(table)
    evolve(transaction, change)
    done = transaction.table_metadata
    assert [(f.name, f.field_type, f.doc) for f in done.schema().fields] == [
        (f.name, f.field_type, f.doc) for f in contract.iceberg_schema().fields
    ]
    by_id = {i: n for n, i in ids.items()}
    kinds = dict(fields)
    for field, wanted in zip(done.schema().fields, contract.columns, strict=True):
        was = by_id.get(field.field_id)
        assert was is None or was == wanted.name or was in wanted.formerly
        assert was is None or kinds[was] == wanted.type or (kinds[was], wanted.type) in WIDENS
        assert was is not None or wanted.name not in ids
    assert {(f.source_id, str(f.transform)) for f in done.spec().fields} == {
        (done.schema().find_field(p.column).field_id, p.transform) for p in contract.partitions
    }
    assert ids.keys() - {by_id.get(f.field_id) for f in done.schema().fields} <= set(contract.dropped)
    names = [name for field in done.name_mapping().root for name in field.names]
    assert len(names) == len(set(names)), "a name of files from before means two columns"
    assert not evolution(contract, Shape.of(done)), "a second publication would change it again"


def in_memory(schema: Schema, spec: PartitionSpec) -> Table:
    """A table no catalog knows."""
    properties = {"format-version": "2", TableProperties.DEFAULT_NAME_MAPPING: schema.name_mapping.model_dump_json()}
    metadata = new_table_metadata(schema, spec, UNSORTED_SORT_ORDER, str(Path("/nowhere")), properties)
    return Table(("silver", "t"), metadata, "/nowhere/metadata.json", PyArrowFileIO(), None)  # pyright: ignore
