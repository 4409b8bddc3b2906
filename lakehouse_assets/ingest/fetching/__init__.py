"""Records that are fetched: from databases, and from APIs over HTTP.

Belongs here: connecting, reading in bounded memory, errors in words for people. Does not belong here: what is fetched
(described), positions and publication (loads), or what records mean (mapping).
"""
