"""APIs over HTTP: asking them (client), the order of their pages (pages), and records out of an answer (documents).

Belongs here: what is read of an API. Does not belong here: what a source states of it (described), or which records
are next (loads).
"""
