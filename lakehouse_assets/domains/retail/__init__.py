"""Store retail: sari-sari stores and supermarkets, what their tills, sensors and apps report, and features of it."""

from datetime import date

FIRST_DAY = date(2017, 1, 1)
"""The first day for which the domain may have data: where its partitions start."""

TITLE = "Stores"
"""What people call the domain."""

OWNER = "team:retail-data"
"""Who answers for the tables of this domain."""
