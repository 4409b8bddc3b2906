"""The statements of a profile as Trino is sent them: read as a person's are, and of functions that Trino has."""

from __future__ import annotations

import pyarrow as pa
import pytest

from lakehouse_assets.lakehouse.engines.statements import referenced_tables, with_relations
from lakehouse_assets.lakehouse.engines.trino_spec import DIALECT
from lakehouse_assets.profiling.statements import bars, fields_of, frequent, summary

FIELDS = fields_of(
    pa.schema(
        {
            "n": pa.int64(), "f": pa.float64(), "d": pa.decimal128(38, 4), "t": pa.timestamp("us"),
            "day": pa.date32(), "text": pa.string(), "flag": pa.bool_(), 'odd "name"': pa.string(),
        }
    )
)  # fmt: skip
TABLE = "gold.cases"
OF_ONE = f'(select * from {TABLE} where "tenant_id" = ?)'
SAMPLED = DIALECT.sampled.format(TABLE, 12.5)


def statements(relation: str) -> list[str]:
    numbers = [(i, f) for i, f in enumerate(FIELDS) if f.kind in ("number", "time")]
    spread = [f"({frequent(relation, i, f)})" for i, f in enumerate(FIELDS)]
    spread += [f"({bars(relation, i, f, (-0.5, 1e20), (-1e300, 1e300), DIALECT)})" for i, f in numbers]
    compared = ", ".join(f.sql for f in FIELDS)
    return [
        f"select * from {relation} limit 0", summary(relation, FIELDS, DIALECT), " union all ".join(spread),
        DIALECT.duplicates.format(compared, relation),
    ]  # fmt: skip


@pytest.mark.parametrize("relation", [TABLE, OF_ONE, SAMPLED])
def test_trino_is_sent_what_reads_the_snapshot_of_the_table_alone(relation):
    for sql in statements(relation):
        assert referenced_tables(sql) == (TABLE,)
        sent = with_relations(sql, lambda _: '"lake"."gold"."cases" for version as of 7').lower()
        assert sent.count("for version as of 7") == sql.count(TABLE)
        assert sent.count("?") == sql.count("?") and sent.count("tablesample bernoulli") == sql.count("tablesample")
        # What DuckDB alone has, and what sqlglot might make of a function it takes for another engine's.
        assert not any(f" {name}(" in sent for name in ("epoch", "isnan", "isfinite", "hash", "approx_quantile"))
    whole = with_relations(statements(TABLE)[1], lambda _: "cases").lower()
    assert all(f"{name}(" in whole for name in ("approx_distinct", "approx_percentile", "to_unixtime", "is_nan"))
