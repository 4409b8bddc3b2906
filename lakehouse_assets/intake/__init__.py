"""The intake log: what programs send as events is durable here before it is acknowledged, and becomes bronze from here.

Belongs here: segments and their entries, appending, reading, and the committer that turns ranges into publications.
Does not belong here: HTTP (service), what records mean and how they are loaded (ingest).
"""
