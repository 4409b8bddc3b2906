"""Dagit, and who may use it.

Belongs here: the guard before Dagster's webserver, and starting that server behind it. Does not belong here: what
Dagit shows (definitions), or what a run may be told to do (assets.steps.run_config).
"""
