"""MetricFlow in this process: the one door into it, the compiler behind that door, its SQL made to mean the same.

Does not belong here: splitting a request into what MetricFlow can compile (``requests``), keeping what it compiled
(``disk_cache``).
"""
