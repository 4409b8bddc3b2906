"""The semantic layer: what figures mean, as MetricFlow models (``models``), and how they become SQL (``layer``).

Nothing here knows a domain in code: every name comes from the semantic manifest of a dbt project.
"""
