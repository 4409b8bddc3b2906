"""E-commerce: orders, payments, products, customers and the clicks of online shops."""

from datetime import date

FIRST_DAY = date(2016, 1, 1)
"""The first day for which the domain may have data: where its partitions start."""

TITLE = "Online shop"
"""What people call the domain."""

OWNER = "team:commerce-data"
"""Who answers for the tables of this domain."""
