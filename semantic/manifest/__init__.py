"""What the semantic manifest of a dbt project says: metrics, dimensions, their calendar parts, how each is computed.

Belongs here: plain values read from the manifest, and what follows from them. Does not belong here: a request
(``requests``), its SQL (``metricflow``), rows of a table (``values``).
"""
