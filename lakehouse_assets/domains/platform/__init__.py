"""Tables that serve every domain and belong to none."""

from datetime import date

FIRST_DAY = date(2009, 1, 1)
"""The first day of the calendar."""

TITLE = "Platform"
"""What people call the domain."""

OWNER = "team:data-platform"
"""Who answers for the tables of this domain."""
