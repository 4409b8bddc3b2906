"""What Dagster is told about a table: its spec, freshness, partitions, checks, and the lineage of its columns.

Does not belong here: making the table, which is a factory's.
"""
