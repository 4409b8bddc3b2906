"""The HTTP API and the pages: routes, keys, limits, health, and what becomes of errors.

Belongs here: what is asked and shown over HTTP. Does not belong here: connections (http), or answering (nlq).
"""
