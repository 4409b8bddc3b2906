"""The Dagster code location and everything that makes a table. No work happens at import."""
