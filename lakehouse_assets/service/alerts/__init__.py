"""Alerts over HTTP: what the addresses do, and their documents.

Belongs here: making, listing, muting, removing, testing for a caller. Does not belong here: what alerts are
(``lakehouse_assets.alerts``), the addresses themselves (``routes``).
"""
