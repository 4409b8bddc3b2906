"""Commands on the tables: loading, taking back, building, looking up, upkeep, versions and branches.

Belongs here: what reads or changes the lakehouse itself, and how runs of Dagster are started for it (orchestrator).
Does not belong here: questions (asking) and processes that go on running (serving).
"""
