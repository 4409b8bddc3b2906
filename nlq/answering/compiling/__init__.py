"""From a plan to a statement: the request to the semantic layer, the SQL around it, its cost, and plans near it.

Does not belong here: running the statement (``answer``), what becomes of its rows (``document``).
"""
