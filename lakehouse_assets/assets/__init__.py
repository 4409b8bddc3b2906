"""The factories that turn contracts, dbt models and saved queries into Dagster assets.

By subject: what Dagster is told about a table (``metadata``), what the steps of all share (``steps``), questions
(``questions``); beside them a factory for each other kind of table.

Belongs here: telling Dagster what exists and what happened. Does not belong here: how rows are staged, audited and
published (lakehouse), read from outside (ingest) or when things run (automation).
"""
