"""Parquet: its row groups as batches, and its values as exact texts."""
