"""Dashboards over HTTP: which a caller may see, and their tiles computed side by side.

Belongs here: the documents (documents) and what the addresses do (handlers). Does not belong here: what a dashboard is
(lakehouse_assets.dashboards).
"""
