"""Serving: the newest features of an entity, and what the model that serves says of it.

Belongs here: what answers within milliseconds, and what keeps it up to date. Does not belong here: making features
(domains), a model or where it is kept (registry), HTTP (service).
"""
