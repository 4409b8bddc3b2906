"""Public grievance redressal (PGR): complaints of citizens and what became of them."""

from datetime import date

FIRST_DAY = date(2010, 1, 1)
"""The first day for which the domain may have data: where its partitions start."""

TITLE = "Complaints"
"""What people call the domain."""

OWNER = "team:civic-data"
"""Who answers for the tables of this domain."""
