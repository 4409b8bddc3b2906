"""Sales: order lines and returns of shops."""

from datetime import date

FIRST_DAY = date(2009, 12, 1)
"""The first day for which the domain may have data: where its partitions start."""

TITLE = "Sales"
"""What people call the domain."""

OWNER = "team:commerce-data"
"""Who answers for the tables of this domain."""
