"""The semantic layer: what figures mean, as MetricFlow models (``models``), and how they become SQL (``layer``).

By subject: what the manifest says (``manifest``), requests (``requests``), MetricFlow (``metricflow``), what is kept on
disk (``disk_cache``); ``compiling`` puts them together for one manifest, ``layer`` asks the newest, ``values`` reads
through it which values dimensions have.

Nothing here knows a domain in code: every name comes from the semantic manifest of a dbt project.
"""
