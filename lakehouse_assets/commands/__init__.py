"""The bodies of the `asklake` commands, one module per group of tasks.

Belongs here: turning arguments into calls of the platform, and results into tables, sentences or JSON.
Does not belong here: anything a schedule, a sensor or the API would need too.
Modules import the platform inside functions, so that `asklake --help` stays fast.
"""
