"""Product telemetry: users of an application, what they use, their sessions, experiments, funnels, calls of its API."""

from datetime import date

FIRST_DAY = date(2024, 1, 1)
"""The first day for which the domain may have data: where its partitions start."""

TITLE = "Product usage"
"""What people call the domain."""

OWNER = "team:product-data"
"""Who answers for the tables of this domain."""
