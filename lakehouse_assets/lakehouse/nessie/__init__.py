"""Nessie: its REST API, the Iceberg catalogs of its branches, and what people do with branches and commits."""
