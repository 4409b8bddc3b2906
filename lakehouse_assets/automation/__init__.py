"""When things run: partitions, freshness, jobs, schedules, sensors, and how their history is stored.

Does not belong here: what a run does (assets).
"""
