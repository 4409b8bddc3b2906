"""What comes in over HTTP or beside it: events, uploads, topics.

Belongs here: their addresses, and the workers that run with the service. Does not belong here: logs and loads
(``lakehouse_assets.intake``, ``ingest``, ``uploads``).
"""
