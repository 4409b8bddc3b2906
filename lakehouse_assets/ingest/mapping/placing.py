"""Which fields of a source its table needs: those that say which record a row is and where it lies, and others.

Belongs here: that. Does not belong here: the statements (statements), or what follows where one of them changes
(fetching.changed_rows).
"""

from __future__ import annotations

from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.ingest.values.expressions import Expression
from lakehouse_assets.lakehouse.contract import Contract


def placing_fields(source: Source, contract: Contract) -> frozenset[str]:
    """Fields of which a change makes a row another record, one in another partition, or none.

    Args:
        source: The source.
        contract: Contract of its table.
    """
    texts = list(source.dedup_key.fields)
    if source.tenant and source.tenant.expression:
        texts.append(source.tenant.expression)
    times = [name for name, kind in contract.types.items() if kind == "TIMESTAMP"]
    for row in source.rows:
        texts.append(row.when)
        for partition in contract.partitions:
            # A day that is not mapped is that of a time.
            columns = [partition.column] if partition.column in {*row.columns, *row.constants} else times
            texts += [row.columns[name] for name in columns if name in row.columns]
    return frozenset(field for text in texts for field in Expression(text).fields)


def required_fields(source: Source, contract: Contract) -> frozenset[str]:
    """Fields without which a row is refused.

    Args:
        source: The source.
        contract: Contract of its table.
    """
    needed = {column.name for column in contract.columns if not column.nullable}
    texts = [text for row in source.rows for name, text in row.columns.items() if name in needed]
    return frozenset(field for text in texts for field in Expression(text).fields)
