"""Engines that read and write the tables of the lake: their protocol, DuckDB, Trino, and the statements they accept."""
