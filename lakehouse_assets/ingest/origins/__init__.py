"""Where records come from, one module per kind: who they are, how far they go, and how the engine reads them.

Belongs here: what differs between kinds. Does not belong here: what is the same for all of them (loads).
"""
