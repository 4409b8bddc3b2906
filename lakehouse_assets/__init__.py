"""The Dagster code location and everything that makes a table. No work happens at import."""

import gc

# Dagster, dbt and the others make half a million objects that stay. With Python's usual 700 new objects between two
# looks for garbage, a fourth of the time of a command, a run or a test is spent on looking through them.
gc.set_threshold(50_000, 20, 10)
