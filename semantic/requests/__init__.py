"""A request in names of metrics and dimensions: its filters, the parts it is split into, the SQL around them.

Does not belong here: what the names stand for (``manifest``), the SQL of one part (``metricflow``).
"""
