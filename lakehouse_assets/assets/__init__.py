"""The factories that turn contracts, dbt models and saved queries into Dagster assets.

Belongs here: telling Dagster what exists and what happened. Does not belong here: how rows are staged, audited and
published (lakehouse), read from outside (ingest) or when things run (automation).
"""
